import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Reason } from '../agent.ts'
import { fileError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import type { AgentRecord, WorktreeRecord } from '../registry/record.ts'
import type { WorktreeLook } from './look-at-worktree.ts'
import { looseCommits } from './loose-commits.ts'
import { mustGit } from './run-git.ts'
import { savePatch } from './save-patch.ts'

/** Where stands what only stood in a worktree. */
export interface SavedWork {
  /** The file that holds what was not committed, as the files were; `null` when everything was. */
  readonly patch: string | null
  /** The file that holds what was staged and then changed again; `null`: nothing was. */
  readonly stagedPatch: string | null
  /** The branches that were made for commits of no branch. */
  readonly rescued: readonly string[]
}

/** Where the work would be put. Pure but for the look at which names are free: a patch is never written over. */
export function patchesFor(workspace: string, { changed, staged }: WorktreeLook): Omit<SavedWork, 'rescued'> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'unsaved' : `unsaved-${number}`
    const [patch, stagedPatch] = [join(workspace, `${name}.patch`), join(workspace, `${name}-staged.patch`)]
    if (existsSync(patch) || existsSync(stagedPatch)) continue
    return { patch: changed.length === 0 ? null : patch, stagedPatch: staged.length === 0 ? null : stagedPatch }
  }
}

/**
 * Puts everything that only stands in a worktree where it stays.
 * @returns why it has to stay, where that cannot be
 * @throws OrchError `WORKTREE_FAILED`, `DISK`, `PERMISSION_DENIED`, `WORKSPACE_UNWRITABLE`
 */
export async function saveWorktree(
  { workspace, id }: AgentRecord,
  { path: checkout }: WorktreeRecord,
  { look, signal }: { readonly look: WorktreeLook; readonly signal: AbortSignal | undefined },
): Promise<SavedWork | Reason> {
  const { patch, stagedPatch } = patchesFor(workspace, look)
  const source = { checkout, from: look.head, signal }
  if (patch !== null) prepareWorkspace(workspace)
  const holdsFiles = patch !== null && (await savePatch(source, patch))
  const holdsStaged = stagedPatch !== null && (await savePatch({ ...source, staged: true }, stagedPatch))
  if (patch !== null && !holdsFiles && !holdsStaged)
    return { code: 'UNSAVED_CHANGES', text: `Git tells of changes in it that no patch holds (${look.changed[0]})` }
  const rescued: string[] = []
  for (const commit of await looseCommits(checkout, look, signal)) {
    const branch = `orch/${id}-${commit.slice(0, 8)}`
    await mustGit(checkout, ['update-ref', `refs/heads/${branch}`, commit], `keep the commits of "${id}"`, { signal })
    rescued.push(branch)
  }
  return { patch: holdsFiles ? known(patch) : null, stagedPatch: holdsStaged ? known(stagedPatch) : null, rescued }
}

/** One that a call before this one wrote, which then could not go on, holds the same: no call leaves another. */
function known(patch: string): string {
  const folder = dirname(patch)
  const others = readdirSync(folder).filter((name) => /^unsaved.*\.patch$/.test(name) && name !== basename(patch))
  const same = others.map((name) => join(folder, name)).find((other) => isSame(other, patch))
  if (same === undefined) return patch
  rmSync(patch)
  return same
}

function isSame(one: string, other: string): boolean {
  return statSync(one).size === statSync(other).size && readFileSync(one).equals(readFileSync(other))
}

function prepareWorkspace(workspace: string): void {
  try {
    makePrivateDirectory(workspace)
  } catch (cause) {
    throw fileError(cause, `Cannot make the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}
