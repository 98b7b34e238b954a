import type { GitInfo } from '../documents.ts'
import { git } from '../git.ts'
import { realPath } from '../real-path.ts'
import type { AgentRecord } from '../registry/record.ts'
import { readOwnChanges } from '../verify/own-changes.ts'
import { sinceSpawn } from './since-spawn.ts'

/**
 * What changed in the directory of an agent since its spawn, as `complete` counts it; `null` where git tells nothing of it: of
 * a worktree that is none any more git would tell what is in the checkout around it.
 */
export async function readGitInfo(
  record: Pick<AgentRecord, 'directory' | 'base' | 'spawnedAt' | 'worktree'>,
  signal?: AbortSignal,
): Promise<GitInfo | null> {
  const look = await readOwnChanges(record, [], signal)
  if (look === null) return null
  const { root, changes } = look
  if (record.worktree !== undefined && root !== realPath(record.worktree.path)) return null
  const { base, head, branch, commits, dirty, dirtyBefore } = changes
  const stat =
    base === null ? null : await readStat(root, base, (await sinceSpawn(root, base, look, signal)).pathspecs, signal)
  return { base, head, branch, commits, dirty, dirtyBefore, stat }
}

/** ` 2 files changed, 3 insertions(+), 1 deletion(-)`, each part left out when it is none. */
async function readStat(
  root: string,
  base: string,
  pathspecs: readonly string[],
  signal: AbortSignal | undefined,
): Promise<GitInfo['stat']> {
  const args = ['diff', '--shortstat', '--no-ext-diff', '--no-textconv', base, '--', ...pathspecs]
  const text = await git(root, args, signal)
  if (text === null) return null
  const count = (what: RegExp): number => Number(what.exec(text)?.[1] ?? 0)
  return { files: count(/(\d+) file/), insertions: count(/(\d+) insertion/), deletions: count(/(\d+) deletion/) }
}
