import { existsSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Reason } from '../agent.ts'
import type { WorktreeRecord } from '../registry/record.ts'
import { mustGit, pathsOf, runGit } from './run-git.ts'

/** What a worktree holds that git could not give back. */
export interface WorktreeLook {
  /** Paths that are not committed, from its top; not the ignored ones. */
  readonly changed: readonly string[]
  /** The commit it stands on. */
  readonly head: string
  /** The branch it stands on; `null`: none. */
  readonly branch: string | null
  /** Why it can be saved by nobody but its owner; `null`: a patch and a branch hold everything. */
  readonly unsavable: Reason | null
}

/** Whether a folder is the top of a worktree of its own: git would answer for the checkout around it. */
export function isWorktree(path: string): boolean {
  return statSync(join(path, '.git'), { throwIfNoEntry: false })?.isFile() === true
}

/** Looks at a worktree. @throws OrchError `WORKTREE_FAILED` */
export async function lookAtWorktree(
  project: string,
  { path }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<WorktreeLook> {
  const verb = `look at the worktree "${path}"`
  const [head, branch, status, staged] = await Promise.all([
    mustGit(path, ['rev-parse', 'HEAD'], verb, { signal }),
    runGit(path, ['symbolic-ref', '-q', '--short', 'HEAD'], { signal }),
    mustGit(path, ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'], verb, { signal }),
    mustGit(path, ['ls-files', '--stage', '-z'], verb, { signal }),
  ])
  const changed = pathsOf(status)
    .map((entry) => entry.slice(3))
    .filter((file) => !isShared(project, path, file))
  return {
    changed,
    head: head.trim(),
    branch: branch.stdout.trim() || null,
    unsavable: unsavable(path, changed, staged),
  }
}

/** What has a repository of its own keeps commits there, which no patch of this one holds. */
function unsavable(path: string, changed: readonly string[], staged: string): Reason | null {
  const submodules = pathsOf(staged).flatMap((entry) =>
    entry.startsWith('160000 ') ? [entry.split('\t')[1] ?? ''] : [],
  )
  const [first] = [...submodules.filter((name) => existsSync(join(path, name, '.git'))), ...changed.filter(isFolder)]
  if (first === undefined) return null
  return {
    code: 'REPOSITORY_INSIDE',
    text: `"${first}" in it is a repository of its own, whose commits no patch holds`,
  }
}

/** What the configuration had linked into it is no work. */
function isShared(project: string, path: string, file: string): boolean {
  try {
    return readlinkSync(join(path, file)) === join(project, file)
  } catch {
    return false
  }
}

/** Git names a folder only when it is a repository. */
function isFolder(path: string): boolean {
  return path.endsWith('/')
}
