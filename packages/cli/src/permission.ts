import type { Agent, PermissionMode, PermissionRule } from '@orch/core'
import { usageError } from './options.ts'

/** What `--permission` says, given any number of times. */
export interface PermissionArgs {
  readonly permission: PermissionMode | undefined
  readonly permissionRules: readonly PermissionRule[]
}

const ACTIONS: readonly string[] = ['allow', 'ask', 'deny'] satisfies PermissionMode[]
const RULE = /^([\w*-]+)(?::(.+))?=(allow|ask|deny)$/s

/**
 * Reads modes (`deny`) and rules (`bash:git *=allow`, `edit=ask`).
 * @throws OrchError `USAGE` for what is neither, and for two modes
 */
export function parsePermission(values: readonly string[] = []): PermissionArgs {
  const [mode, ...others] = values.filter((value) => ACTIONS.includes(value))
  if (others.length > 0)
    throw usageError(
      `Cannot use "--permission ${others[0]}": "${mode}" is given as well`,
      'Give one of them, and rules',
    )
  const rules = values.filter((value) => !ACTIONS.includes(value)).map(parseRule)
  return { permission: mode as PermissionMode | undefined, permissionRules: rules }
}

function parseRule(value: string): PermissionRule {
  const [, permission, pattern = '*', action] = RULE.exec(value) ?? []
  if (permission !== undefined) return { permission, pattern, action: action as PermissionMode }
  throw usageError(
    `Cannot use "--permission ${value}": it is neither a mode nor a rule`,
    'Use allow, ask or deny, or a rule such as "bash:git *=allow" or "edit=deny"',
  )
}

/** As it can be given to `--permission`, or `null` when nothing was said. */
export function permissionText({ permission, permissionRules }: Agent): string | null {
  const rules = permissionRules.map((rule) => {
    const pattern = rule.pattern === '*' ? '' : `:${rule.pattern}`
    return `${rule.permission}${pattern}=${rule.action}`
  })
  return [permission, ...rules].filter((each) => each !== null).join(', ') || null
}
