import { existsSync, renameSync, rmSync } from 'node:fs'
import type { Reason } from '../agent.ts'
import { fileError, isOrchError } from '../errors.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { realPath } from '../real-path.ts'
import type { AgentRecord, WorktreeRecord } from '../registry/record.ts'
import { findRepository } from './find-repository.ts'
import { ignoredSince } from './ignored-files.ts'
import { isWorktree, lookAtWorktree, repositoryInside } from './look-at-worktree.ts'
import { WORKTREE_VARIABLE } from './processes-in.ts'
import { mustGit, runGit } from './run-git.ts'
import { patchesFor, type SavedWork, saveWorktree } from './save-worktree.ts'
import { trashOf } from './trash.ts'
import { entryOf, whyKept } from './why-kept.ts'

/** What became of a worktree that was to be removed; in a dry run its patches are where they would be. */
export interface WorktreeRemoval extends SavedWork {
  readonly path: string
  readonly branch: string
  /** Whether there was anything of it to be removed: its folder, what git knows of it, or a branch that nobody needs. */
  readonly found: boolean
  /** Whether nothing of it stands any more; in a dry run, whether it would be removed. */
  readonly removed: boolean
  /** Whether its branch is not there any more: all its commits are on other branches. In a dry run, whether it would go. */
  readonly branchDeleted: boolean
  /** What git ignores there, since it was ready, and is not saved; a folder that is ignored whole counts once. */
  readonly ignored: readonly string[]
  /** Why it stays; `null` unless it does. */
  readonly kept: Reason | null
}

/** How {@link removeWorktree} works. */
export interface RemoveWorktreeOptions {
  /** Looks only. @default false */
  readonly dryRun?: boolean | undefined
  /** Its branch stays whatever it holds. @default false */
  readonly keepBranch?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Removes the worktree of an agent that provably does not run any more, and loses nothing: what is not committed, also what
 * was staged and changed again, is in patches in its workspace first, commits of no branch get one, and its branch goes only
 * when other branches hold all of it. What cannot be saved, is locked, or has a process or another open agent in it stays,
 * and it is said why. Ignored files are not saved, but named.
 * It may be killed at any instant and called again, also when nothing is left: then `removed` is true as well.
 * @returns `null` for an agent without a worktree of its own
 * @throws OrchError `WORKTREE_FAILED`, `DISK`, `PERMISSION_DENIED`, `PROGRAM_MISSING`: it stands as before, or is called again
 */
export async function removeWorktree(
  orch: Pick<Orch, 'registry'>,
  record: AgentRecord,
  options: RemoveWorktreeOptions = {},
): Promise<WorktreeRemoval | null> {
  const { worktree, project } = record
  if (worktree === undefined) return null
  const { signal, dryRun = false, keepBranch = false } = options
  const { path, branch } = worktree
  const none = { path, branch, ...NOTHING, found: true, branchDeleted: false }
  const isThere = existsSync(path)
  const saved = isThere ? await saveFirst(orch, record, { worktree, dryRun, signal }) : NOTHING
  if ('code' in saved) return { ...none, removed: false, kept: saved }
  const isLeft = isThere || existsSync(trashOf(path)) || (await isKnown(project, path, signal))
  // barrier: worktree-saved
  if (isLeft && !dryRun) await takeAway(project, worktree, signal)
  const fate = await fateOf(project, worktree, signal)
  const goes = fate === 'spare' && !keepBranch && (dryRun || (await deleteBranch(project, branch, signal)))
  const branchDeleted = goes || (fate === 'gone' && !keepBranch)
  return { ...none, ...saved, found: isLeft || goes, removed: true, branchDeleted, kept: null }
}

const NOTHING = { patch: null, stagedPatch: null, rescued: [], ignored: [] } as const

/** @returns what was saved, or why it stays */
async function saveFirst(
  { registry }: Pick<Orch, 'registry'>,
  record: AgentRecord,
  { worktree, dryRun, signal }: { worktree: WorktreeRecord; dryRun: boolean; signal: AbortSignal | undefined },
): Promise<(SavedWork & Pick<WorktreeRemoval, 'ignored'>) | Reason> {
  const kept = await whyKept(registry, record, worktree, signal)
  if (kept !== null) return kept
  if (!isWorktree(worktree.path)) return NOTHING
  const look = await lookAtWorktree(record.project, worktree, signal)
  if (look.unsavable !== null) return look.unsavable
  const inner = findRepository(worktree.path)
  if (inner !== null) return repositoryInside(inner)
  const ignored = await ignoredSince(worktree, signal)
  if (dryRun) return { ...NOTHING, ...patchesFor(record.workspace, look), ignored }
  const saved = await saveWorktree(record, worktree, { look, signal })
  return 'code' in saved ? saved : { ...saved, ignored }
}

/** Takes away a worktree that was never ready, so that no agent was ever in it; its branch too unless it has commits. */
export async function discardWorktree(
  project: string,
  worktree: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  await takeAway(project, worktree, signal)
  const { branch, base } = worktree
  const tip = await runGit(project, ['rev-parse', '--verify', '-q', `refs/heads/${branch}`], { signal })
  if (tip.stdout.trim() !== base) return
  const deleted = await runGit(project, ['branch', '-D', '--', branch], { signal })
  // On a full disk git may still believe that the worktree is there, whose branch it then keeps.
  if (deleted.code !== 0)
    await mustGit(project, ['update-ref', '-d', `refs/heads/${branch}`, base], `remove the branch "${branch}"`, {
      signal,
    })
}

/** By one rename: a worktree is there whole or not at all, and what is named so is saved already. */
async function takeAway(project: string, { path }: WorktreeRecord, signal: AbortSignal | undefined): Promise<void> {
  const trash = trashOf(path)
  try {
    if (existsSync(path)) {
      rmSync(trash, { recursive: true, force: true })
      renameSync(path, trash)
    }
    // barrier: worktree-moved
    rmSync(trash, { recursive: true, force: true })
  } catch (cause) {
    throw fileError(cause, `Cannot remove the worktree "${path}"`, 'WORKTREE_FAILED')
  }
  // barrier: worktree-deleted
  // Git forgets it; one that it does not know is fine. It may outlive this process, and must not meet the next worktree there.
  const args = ['worktree', 'remove', '--force', '--force', realPath(path)]
  await runGit(project, args, { signal, env: { [WORKTREE_VARIABLE]: path } })
}

/** Of a project that is no repository any more git knows nothing. */
async function isKnown(project: string, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  return await entryOf(project, path, signal).then((entry) => entry !== null, noneUnlessAborted(signal))
}

/** `spare`: all its commits are on other branches. */
async function fateOf(
  project: string,
  { branch }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<'gone' | 'spare' | 'needed'> {
  const tip = await runGit(project, ['rev-parse', '--verify', '-q', `refs/heads/${branch}`], { signal })
  if (tip.code !== 0) return 'gone'
  const isElsewhere = branchesWith(project, tip.stdout.trim(), signal).then(
    (names) => names.some((name) => name !== `refs/heads/${branch}`),
    noneUnlessAborted(signal),
  )
  return (await isElsewhere) ? 'spare' : 'needed'
}

/** Git refuses where it is checked out. */
async function deleteBranch(project: string, branch: string, signal: AbortSignal | undefined): Promise<boolean> {
  return (await runGit(project, ['branch', '-D', '--', branch], { signal })).code === 0
}

function noneUnlessAborted(signal: AbortSignal | undefined): (error: unknown) => false {
  return (error) => {
    if (signal?.aborted || !isOrchError(error)) throw error
    return false
  }
}

async function branchesWith(project: string, commit: string, signal: AbortSignal | undefined): Promise<string[]> {
  const args = ['for-each-ref', '--contains', commit, '--format=%(refname)', 'refs/heads', 'refs/remotes']
  return (await mustGit(project, args, `find the branches with ${commit}`, { signal })).split('\n').filter(Boolean)
}
