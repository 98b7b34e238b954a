import { basename, dirname } from 'node:path'
import type { CreateRequest } from '@orch/core'
import type { PermissionRule as Rule } from './client/api.ts'

/** Works without asking; questions are not offered, since nobody may be there to answer. */
const UNATTENDED: readonly Rule[] = [rule('*', '*', 'allow'), rule('question', '*', 'deny')]

/** Asks before it runs or changes anything. Subagents do not inherit rules, so starting one is asked for too. */
const ASKING: readonly Rule[] = [rule('bash', '*', 'ask'), rule('edit', '*', 'ask'), rule('task', '*', 'ask')]

/**
 * The rules of a new session; the last that matches counts. Whatever the mode, the agent may use its own workspace, which
 * may lie outside its directory: or its first report would wait for a permission.
 */
export function permissionRules({ permission, workspace }: Pick<CreateRequest, 'permission' | 'workspace'>): Rule[] {
  const own = `${basename(dirname(workspace))}/${basename(workspace)}`
  const reach = rule('external_directory', `${workspace}/*`, 'allow')
  if (permission === 'allow') return [...UNATTENDED, reach]
  const edit = rule('edit', `*${own}/*`, 'allow')
  return permission === 'ask' ? [...ASKING, reach, edit] : [reach]
}

function rule(permission: string, pattern: string, action: 'allow' | 'ask' | 'deny'): Rule {
  return { permission, pattern, action }
}
