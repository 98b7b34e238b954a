import type { WorktreeLook } from './look-at-worktree.ts'
import { mustGit, pathsOf, runGit } from './run-git.ts'

/**
 * The commits that only a worktree leads to, so that they go with it: what it stands on without a branch, and what it left
 * behind when it went from there to a branch. What was amended, rebased or reset on a branch was replaced on purpose.
 * @returns the newest of each line; none when branches and tags hold all of it
 * @throws OrchError `WORKTREE_FAILED`
 */
export async function looseCommits(
  checkout: string,
  { head, branch }: Pick<WorktreeLook, 'head' | 'branch'>,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const moves = await runGit(checkout, ['reflog', 'show', '-z', '--format=%gs', 'HEAD'], { signal })
  const left = pathsOf(moves.stdout).flatMap(
    (move) => /^checkout: moving from ([0-9a-f]{40,64}) to /.exec(move)?.[1] ?? [],
  )
  const heads = [...new Set([...(branch === null ? [head] : []), ...left])]
  if (heads.length === 0) return []
  const args = ['rev-list', '--ignore-missing', '--parents', ...heads, '--not', '--branches', '--remotes', '--tags']
  const list = await mustGit(checkout, args, `find the commits of no branch in "${checkout}"`, { signal })
  const commits = list.split('\n').filter(Boolean)
  const parents = new Set(commits.flatMap((line) => line.split(' ').slice(1)))
  return commits.map((line) => line.split(' ')[0] ?? '').filter((commit) => !parents.has(commit))
}
