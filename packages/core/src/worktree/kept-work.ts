import { existsSync } from 'node:fs'
import type { AgentRecord, WorktreeRecord } from '../registry/record.ts'
import type { WorktreeLook } from './look-at-worktree.ts'
import { looseCommits } from './loose-commits.ts'
import { runGit } from './run-git.ts'

/** Where the work of an agent is that was handed over to nobody. */
export interface KeptWork {
  /** What of it stays where, and no more than that. */
  readonly text: string
  /** What is missing so that it is kept: a branch for its newest commit, or all of it; `null`: nothing. */
  readonly lacking: 'branch' | 'all' | null
}

/**
 * Looks where work stays when its worktree and its branch do: an agent may have left its branch, or taken it away.
 * @param look `null`: the folder is gone, or is no worktree any more
 * @throws OrchError `WORKTREE_FAILED`
 */
export async function whereKept({
  record: { project },
  worktree,
  look,
  signal,
}: {
  readonly record: Pick<AgentRecord, 'project'>
  readonly worktree: WorktreeRecord
  readonly look: WorktreeLook | null
  readonly signal: AbortSignal | undefined
}): Promise<KeptWork> {
  const { branch, path } = worktree
  const hasBranch = await runGit(project, ['rev-parse', '--verify', '-q', `refs/heads/${branch}`], { signal })
  const noBranch = hasBranch.code === 0 ? '' : `there is no branch "${branch}" any more`
  if (look === null) return withoutWorktree(worktree, noBranch)
  const open = openText(look.changed.length)
  const stays = (text: string): KeptWork => ({ text: `${text}${open}`, lacking: null })
  if (look.branch === branch) return stays(`Its work stays on the branch "${branch}" in "${path}"`)
  const ahead = noBranch === '' ? await countCommits(project, `refs/heads/${branch}..${look.head}`, signal) : null
  const place = look.branch === null ? `at the commit ${look.head.slice(0, 8)}` : `on the branch "${look.branch}"`
  if (ahead === 0) return stays(`Its commits stay on the branch "${branch}"; "${path}" stands ${place}`)
  const lacks = ahead === null ? noBranch : `"${branch}" has not ${ahead === 1 ? '1 commit' : `${ahead} commits`} of it`
  const isLoose = look.branch === null && (await looseCommits(path, look, signal)).includes(look.head)
  if (!isLoose) return stays(`Its work stays ${place} in "${path}"; ${lacks}`)
  return { ...stays(`Its work stays ${place}, which is on no branch, in "${path}"; ${lacks}`), lacking: 'branch' }
}

function withoutWorktree({ branch, path }: WorktreeRecord, noBranch: string): KeptWork {
  const folder = lostText(path)
  if (noBranch === '') return { text: `Its commits stay on the branch "${branch}"; ${folder}`, lacking: null }
  const text = `${noBranch}, and ${folder}`
  return { text: text.charAt(0).toUpperCase() + text.slice(1), lacking: 'all' }
}

/** What is said of a worktree that is none. */
export function lostText(path: string): string {
  return existsSync(path) ? unknownText(path) : `the worktree "${path}" is not there any more`
}

/** What is said of a folder that git does not know any more. */
export function unknownText(path: string): string {
  return `"${path}" is no worktree any more: git tells nothing of what is not committed in it`
}

/** How many commits a range of them has; 0 where one of its ends is not there. */
export async function countCommits(project: string, range: string, signal: AbortSignal | undefined): Promise<number> {
  return Number((await runGit(project, ['rev-list', '--count', range, '--'], { signal })).stdout.trim())
}

function openText(count: number): string {
  return count === 0 ? '' : `, ${count === 1 ? '1 file' : `${count} files`} of it not committed`
}
