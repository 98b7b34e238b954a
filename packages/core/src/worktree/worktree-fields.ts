import { join, resolve } from 'node:path'
import type { AgentRecord } from '../registry/record.ts'
import type { WorktreePlan } from './plan-worktree.ts'

/** What a record says of the worktree that is to be made for its agent. */
export function worktreeFields(
  { base, folder, prefix }: WorktreePlan,
  id: string,
): Pick<AgentRecord, 'directory' | 'branch' | 'base' | 'worktree'> {
  const path = join(folder, id)
  const branch = `orch/${id}`
  return { directory: resolve(path, prefix), branch, base, worktree: { path, branch, base, readyAt: null } }
}
