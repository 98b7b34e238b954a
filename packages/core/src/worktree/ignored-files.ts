import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { WorktreeRecord } from '../registry/record.ts'
import { mustGit, pathsOf } from './run-git.ts'

/**
 * What git ignores in a worktree and nobody saves, of the time since it was ready: what was linked, copied or set up there
 * is older. A folder that is ignored whole counts once, with a slash at its end.
 * @throws OrchError `WORKTREE_FAILED`
 */
export async function ignoredSince(
  { path, readyAt }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (readyAt === null) return []
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']
  const listed = pathsOf(await mustGit(path, args, `find ignored files in "${path}"`, { signal }))
  const since = Date.parse(readyAt)
  return listed.filter((name) => (lstatSync(join(path, name), { throwIfNoEntry: false })?.ctimeMs ?? 0) >= since)
}
