import { existsSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Reason } from '../agent.ts'
import type { WorktreeRecord } from '../registry/record.ts'
import { type GitOptions, mustGit, pathsOf, runGit } from './run-git.ts'
import { hiddenPaths, LIST, withScratchIndex } from './scratch-index.ts'

/** What a worktree holds that git could not give back. */
export interface WorktreeLook {
  /** Paths that are not committed, from its top; not the ignored ones. */
  readonly changed: readonly string[]
  /** Those of them that stand in the index in a third version: neither as committed nor as the file is. */
  readonly staged: readonly string[]
  /** The commit it stands on. */
  readonly head: string
  /** The branch it stands on; `null`: none. */
  readonly branch: string | null
  /** Why it can be saved by nobody but its owner; `null`: patches and branches hold everything. */
  readonly unsavable: Reason | null
}

/** Whether a folder is the top of a worktree of its own: git would answer for the checkout around it. */
export function isWorktree(path: string): boolean {
  return statSync(join(path, '.git'), { throwIfNoEntry: false })?.isFile() === true
}

/** Looks at a worktree, also at what git was told not to look at. @throws OrchError `WORKTREE_FAILED`, `DISK` */
export async function lookAtWorktree(
  project: string,
  { path }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<WorktreeLook> {
  const verb = `look at the worktree "${path}"`
  const readStatus = (options: GitOptions): Promise<string> =>
    mustGit(path, ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'], verb, options)
  const [head, branch, plain, listed] = await Promise.all([
    mustGit(path, ['rev-parse', 'HEAD'], verb, { signal }),
    runGit(path, ['symbolic-ref', '-q', '--short', 'HEAD'], { signal }),
    readStatus({ signal }),
    mustGit(path, LIST, verb, { signal }),
  ])
  const { assumed, skipped } = hiddenPaths(path, listed)
  const hides = assumed.length + skipped.length > 0
  const entries = pathsOf(hides ? await withScratchIndex(path, signal, readStatus) : plain)
    .map((entry) => ({ code: entry.slice(0, 2), file: entry.slice(3) }))
    .filter(({ file }) => !isShared(project, path, file))
  const changed = entries.map(({ file }) => file)
  return {
    changed,
    // The versions of a merge that stopped are commits of their own.
    staged: entries.filter(({ code }) => /^[MTA][MTD]$/.test(code)).map(({ file }) => file),
    head: head.trim(),
    branch: branch.stdout.trim() || null,
    unsavable: unsavable(path, changed, listed),
  }
}

/** What has a repository of its own keeps commits there, which no patch of this one holds. */
function unsavable(path: string, changed: readonly string[], listed: string): Reason | null {
  const submodules = pathsOf(listed).flatMap((entry) =>
    entry.startsWith('160000 ', 2) ? [entry.slice(entry.indexOf('\t') + 1)] : [],
  )
  const [first] = [...submodules.filter((name) => existsSync(join(path, name, '.git'))), ...changed.filter(isFolder)]
  return first === undefined ? null : repositoryInside(first)
}

/** Why a worktree stays that holds a repository. */
export function repositoryInside(name: string): Reason {
  return {
    code: 'REPOSITORY_INSIDE',
    text: `"${name}" in it is a repository of its own, whose commits no patch holds`,
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
