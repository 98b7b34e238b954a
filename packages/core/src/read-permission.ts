import type { PermissionMode, PermissionRule } from './backend.ts'

/** What an agent may do without asking, as it is written down. */
export interface WrittenPermission {
  readonly permission: PermissionMode | null
  readonly permissionRules: readonly PermissionRule[]
}

const ACTIONS: readonly string[] = ['allow', 'ask', 'deny'] satisfies PermissionMode[]
const RULE = /^([\w*-]+)(?::(.+))?=(allow|ask|deny)$/s

/** Reads at most one mode (`deny`) and any number of rules (`bash:git *=allow`, `edit=ask`); a text says what is wrong with them. */
export function readPermission(values: readonly string[]): WrittenPermission | string {
  const modes = values.filter((value) => ACTIONS.includes(value))
  if (modes.length > 1) return `"${modes[0]}" and "${modes[1]}" are both given`
  const permissionRules: PermissionRule[] = []
  for (const value of values.filter((value) => !ACTIONS.includes(value))) {
    const [, permission, pattern = '*', action] = RULE.exec(value) ?? []
    if (permission === undefined) return `"${value}" is neither a mode nor a rule`
    permissionRules.push({ permission, pattern, action: action as PermissionMode })
  }
  return { permission: (modes[0] as PermissionMode | undefined) ?? null, permissionRules }
}
