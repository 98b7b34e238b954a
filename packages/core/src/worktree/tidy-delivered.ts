import type { Reason } from '../agent.ts'
import { isOrchError } from '../errors.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord, WorktreeRecord } from '../registry/record.ts'
import { countCommits } from './kept-work.ts'
import { isWorktree } from './look-at-worktree.ts'
import { named } from './merge.ts'
import { removeWorktree, type WorktreeRemoval } from './remove-worktree.ts'
import { runGit } from './run-git.ts'

/**
 * Takes away the worktree of a completed agent whose work was handed over: nobody needs it any more. Twice is fine.
 * @returns warnings: what keeps it, where it put what was not committed, and what was not handed over
 */
export async function tidyDelivered(
  orch: Orch,
  record: AgentRecord,
  signal: AbortSignal | undefined,
): Promise<readonly Reason[]> {
  const { worktree } = record
  const { how, head } = worktree?.delivered ?? { how: 'keep', head: '' }
  if (worktree === undefined || how === 'keep') return []
  const stays = `The worktree of "${record.id}" stays`
  try {
    const branches = new Set([worktree.branch, ...(await branchIn(worktree, signal))])
    const removal = await removeWorktree(orch, record, { keepBranch: how === 'pr', signal })
    const late = await notDelivered(record, { head, branches, signal })
    if (removal?.kept) return [...late, { code: removal.kept.code, text: `${stays}: ${removal.kept.text}` }]
    return [...late, ...(removal === null ? [] : saidOf(record, removal))]
  } catch (error) {
    if (!isOrchError(error)) throw error
    return [{ code: error.code, text: `${stays}: ${error.message}` }]
  }
}

/** The branch that a worktree stands on. */
async function branchIn({ path }: WorktreeRecord, signal: AbortSignal | undefined): Promise<readonly string[]> {
  if (!isWorktree(path)) return []
  const branch = (await runGit(path, ['symbolic-ref', '-q', '--short', 'HEAD'], { signal })).stdout.trim()
  return branch === '' ? [] : [branch]
}

/** What an agent committed between its verification and its end was handed over by nobody, and is on these branches yet. */
async function notDelivered(
  { id, project }: AgentRecord,
  { head, branches, signal }: { head: string; branches: ReadonlySet<string>; signal: AbortSignal | undefined },
): Promise<Reason[]> {
  const reasons: Reason[] = []
  for (const branch of branches) {
    const count = await countCommits(project, `${head}..refs/heads/${branch}`, signal)
    const commits = count === 1 ? '1 commit' : `${count} commits`
    if (count > 0)
      reasons.push({ code: 'NOT_DELIVERED', text: `${commits} of "${id}" came after it was verified, on "${branch}"` })
  }
  return reasons
}

function saidOf({ id }: AgentRecord, { patch, stagedPatch, rescued, ignored }: WorktreeRemoval): Reason[] {
  const patches = [patch, stagedPatch].filter((file) => file !== null)
  return [
    ...rescued.map((branch) => ({
      code: 'RESCUED',
      text: `Commits of "${id}" that were on no branch are on "${branch}"`,
    })),
    ...patches.map((file) => ({ code: 'NOT_COMMITTED', text: `What "${id}" had not committed is in "${file}"` })),
    ...(ignored.length === 0
      ? []
      : [{ code: 'IGNORED_FILES', text: `With the worktree of "${id}" went what git ignores: ${named(ignored)}` }]),
  ]
}
