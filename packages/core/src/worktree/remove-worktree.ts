import { existsSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Reason } from '../agent.ts'
import { fileError, isOrchError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import type { AgentRecord, WorktreeRecord } from '../registry/record.ts'
import { lookAtDeliverables } from '../workspace/deliverables.ts'
import { isWorktree, lookAtWorktree, type WorktreeLook } from './look-at-worktree.ts'
import { processesIn } from './processes-in.ts'
import { mustGit, runGit } from './run-git.ts'
import { savePatch } from './save-patch.ts'

/** What became of a worktree that was to be removed. */
export interface WorktreeRemoval {
  readonly path: string
  readonly branch: string
  /** Whether nothing of it stands any more; in a dry run, whether it would be removed. */
  readonly removed: boolean
  /** Whether its branch is deleted as well: all its commits are on other branches. */
  readonly branchDeleted: boolean
  /** The file in the workspace that holds what was not committed; `null` when everything was. In a dry run where it would be. */
  readonly patch: string | null
  /** The branch that was made for commits of no branch; `null`: there were none. */
  readonly rescued: string | null
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
 * Removes the worktree of an agent that provably does not run any more, and loses nothing: what is not committed is in a
 * patch in its workspace first, commits of no branch get one, and its branch goes only when other branches hold all of it.
 * What cannot be saved, is locked, or has a process in it stays, and it is said why. Ignored files are not saved.
 * It may be killed at any instant and called again, also when nothing is left: then `removed` is true as well.
 * @returns `null` for an agent without a worktree of its own
 * @throws OrchError `WORKTREE_FAILED`, `DISK`, `PERMISSION_DENIED`, `PROGRAM_MISSING`: it stands as before, or is called again
 */
export async function removeWorktree(
  record: AgentRecord,
  options: RemoveWorktreeOptions = {},
): Promise<WorktreeRemoval | null> {
  const { worktree, project, workspace } = record
  if (worktree === undefined) return null
  const { signal, dryRun = false } = options
  const none = { path: worktree.path, branch: worktree.branch, branchDeleted: false, patch: null, rescued: null }
  let saved: Saved = { patch: null, rescued: null }
  if (existsSync(worktree.path)) {
    const kept = await whyKept(project, worktree, signal)
    if (kept !== null) return { ...none, removed: false, kept }
    if (isWorktree(worktree.path)) {
      const only = await ignoredDeliverable(record, worktree.path, signal)
      if (only !== null) return { ...none, removed: false, kept: onlyThere(only) }
      const look = await lookAtWorktree(project, worktree, signal)
      if (look.unsavable !== null) return { ...none, removed: false, kept: look.unsavable }
      const patch = look.changed.length === 0 ? null : freeName(workspace)
      if (dryRun) return { ...none, removed: true, patch, kept: null }
      const kept = await save(record, worktree, { look, patch, signal })
      if ('code' in kept) return { ...none, removed: false, kept }
      saved = kept
    }
  }
  if (dryRun) return { ...none, removed: true, kept: null }
  // barrier: worktree-saved
  await takeAway(project, worktree, signal)
  const branchDeleted = options.keepBranch !== true && (await deleteSpareBranch(project, worktree, signal))
  return { ...none, ...saved, removed: true, branchDeleted, kept: null }
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
  if (tip.stdout.trim() === base) await runGit(project, ['branch', '-D', '--', branch], { signal })
}

interface Saved {
  readonly patch: string | null
  readonly rescued: string | null
}

async function whyKept(
  project: string,
  { path, readyAt }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<Reason | null> {
  const [pid] = processesIn(path)
  if (pid !== undefined) return { code: 'IN_USE', text: `Process ${pid} works in it` }
  if (!isWorktree(path) && readyAt !== null) return { code: 'NO_WORKTREE', text: 'It is no worktree any more' }
  const list = await mustGit(project, ['worktree', 'list', '--porcelain'], 'list the worktrees', { signal })
  const entry = list.split('\n\n').find((one) => one.startsWith(`worktree ${path}\n`))
  const lock = /^locked ?(.*)$/m.exec(entry ?? '')
  if (lock === null || (lock[1] === 'initializing' && readyAt === null)) return null
  return { code: 'LOCKED', text: `It is locked${lock[1] ? `: ${lock[1]}` : ''}` }
}

/** A deliverable that neither a commit nor a patch holds. */
async function ignoredDeliverable(
  record: AgentRecord,
  checkout: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const paths = lookAtDeliverables(record)
    .filter(({ exists }) => exists)
    .map(({ path }) => resolve(record.directory, path))
    .filter((path) => path.startsWith(checkout + sep))
  if (paths.length === 0) return null
  const args = ['-c', 'core.quotePath=false', 'check-ignore', '--', ...paths]
  return (await runGit(checkout, args, { signal })).stdout.split('\n')[0] || null
}

function onlyThere(path: string): Reason {
  return { code: 'DELIVERABLE', text: `Git ignores the deliverable "${path}" in it: move it away` }
}

/** Puts everything that only stands in the worktree where it stays. @returns why it has to stay, where that cannot be */
async function save(
  { workspace, project, id }: AgentRecord,
  worktree: WorktreeRecord,
  { look, patch, signal }: { look: WorktreeLook; patch: string | null; signal: AbortSignal | undefined },
): Promise<Saved | Reason> {
  if (patch !== null) {
    prepareWorkspace(workspace)
    const isSaved = await savePatch({ checkout: worktree.path, from: look.head, signal }, patch)
    if (!isSaved) return { code: 'UNSAVED_INDEX', text: 'Its index holds what is in none of its files: commit that' }
  }
  if (look.branch !== null) return { patch, rescued: null }
  const holders = await branchesWith(project, look.head, signal)
  if (holders.length > 0) return { patch, rescued: null }
  const rescued = `orch/${id}-${look.head.slice(0, 8)}`
  await mustGit(project, ['update-ref', `refs/heads/${rescued}`, look.head], `keep the commits of "${id}"`, { signal })
  return { patch, rescued }
}

function prepareWorkspace(workspace: string): void {
  try {
    makePrivateDirectory(workspace)
  } catch (cause) {
    throw fileError(cause, `Cannot make the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** A patch is never written over: what it holds may stand nowhere else any more. */
function freeName(workspace: string): string {
  for (let number = 1; ; number++) {
    const file = join(workspace, number === 1 ? 'unsaved.patch' : `unsaved-${number}.patch`)
    if (!existsSync(file)) return file
  }
}

/** By one rename: a worktree is there whole or not at all, and what is named so is saved already. */
async function takeAway(project: string, { path }: WorktreeRecord, signal: AbortSignal | undefined): Promise<void> {
  const trash = join(dirname(path), `.removed-${basename(path)}`)
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
  // Git forgets it; one that it does not know is fine.
  await runGit(project, ['worktree', 'remove', '--force', '--force', path], { signal })
}

/** Whether it was deleted, or was not there. */
async function deleteSpareBranch(
  project: string,
  { branch }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const tip = await runGit(project, ['rev-parse', '--verify', '-q', `refs/heads/${branch}`], { signal })
    if (tip.code !== 0) return true
    const commit = tip.stdout.trim()
    const holders = (await branchesWith(project, commit, signal)).filter((name) => name !== `refs/heads/${branch}`)
    if (holders.length === 0) return false
    // Git refuses where it is checked out.
    return (await runGit(project, ['branch', '-D', '--', branch], { signal })).code === 0
  } catch (error) {
    if (isOrchError(error)) return false
    throw error
  }
}

async function branchesWith(project: string, commit: string, signal: AbortSignal | undefined): Promise<string[]> {
  const args = ['for-each-ref', '--contains', commit, '--format=%(refname)', 'refs/heads', 'refs/remotes']
  return (await mustGit(project, args, `find the branches with ${commit}`, { signal })).split('\n').filter(Boolean)
}
