import { type Agent, type PermissionMode, type PermissionRule, readPermission } from '@orch/core'
import { usageError } from './options.ts'

/** What `--permission` says, given any number of times. */
export interface PermissionArgs {
  readonly permission: PermissionMode | undefined
  readonly permissionRules: readonly PermissionRule[]
}

/**
 * Reads modes (`deny`) and rules (`bash:git *=allow`, `edit=ask`).
 * @throws OrchError `USAGE` for what is neither, and for two modes
 */
export function parsePermission(values: readonly string[] = []): PermissionArgs {
  const read = readPermission(values)
  if (typeof read !== 'string')
    return { permission: read.permission ?? undefined, permissionRules: read.permissionRules }
  throw usageError(
    `Cannot use "--permission": ${read}`,
    'Use allow, ask or deny, or a rule such as "bash:git *=allow" or "edit=deny"',
  )
}

/** As it can be given to `--permission`, or `null` when nothing was said. */
export function permissionText({
  permission,
  permissionRules,
}: Pick<Agent, 'permission' | 'permissionRules'>): string | null {
  const rules = permissionRules.map((rule) => {
    const pattern = rule.pattern === '*' ? '' : `:${rule.pattern}`
    return `${rule.permission}${pattern}=${rule.action}`
  })
  return [permission, ...rules].filter((each) => each !== null).join(', ') || null
}
