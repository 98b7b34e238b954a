import { existsSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import type { Reason } from '../agent.ts'
import { OrchError } from '../errors.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { realPath } from '../real-path.ts'
import { pathsOf, runGit } from './run-git.ts'

/** Where worktrees are made unless the configuration says otherwise. */
export const WORKTREES: string = join('.orch', 'worktrees')

/** What a worktree is to be made of. */
export interface WorktreePlan {
  /** The commit it begins at. */
  readonly base: string
  /** The folder it is made in. */
  readonly folder: string
  /** Where in it the agent works, as where the caller stands in the checkout; `''` for its top. */
  readonly prefix: string
  readonly warnings: readonly Reason[]
}

/**
 * Looks whether a worktree can be made from where the caller stands, before anything is made. A detached HEAD is fine:
 * the worktree begins at its commit.
 * @throws OrchError `WORKTREE_UNSUPPORTED` outside git, before the first commit, and for a folder that cannot hold worktrees
 */
export async function planWorktree(orch: Orch, signal: AbortSignal | undefined): Promise<WorktreePlan> {
  const { directory } = orch
  const [head, changed] = await Promise.all([
    runGit(directory, ['rev-parse', '--show-prefix', '--verify', 'HEAD^{commit}'], { signal }),
    runGit(directory, ['status', '--porcelain', '-z', '--untracked-files=no'], { signal }),
  ])
  if (changed.code !== 0)
    throw unsupported(
      directory,
      'it is not in a git checkout',
      'Run "git init" and commit what is there, or leave out --worktree',
    )
  if (head.code !== 0)
    throw unsupported(directory, 'its repository has no commit yet', 'Commit something first, or leave out --worktree')
  const [prefix = '', base = ''] = head.stdout.split('\n')
  return { base, folder: folderOf(orch), prefix, warnings: warningsOf(orch, prefix, pathsOf(changed.stdout).length) }
}

function folderOf({ config, project }: Orch): string {
  const { directory } = config.worktree
  if (directory === null) return join(project, WORKTREES)
  // Git and the kernel name folders without links, and so does the record.
  const folder = realPath(resolve(project, directory))
  if (folder !== project) return folder
  throw unsupported(project, 'the configuration wants it among its own files', 'Set "worktree.directory" to a folder')
}

function warningsOf({ directory, project }: Orch, prefix: string, changed: number): Reason[] {
  const files = changed === 1 ? '1 changed file is' : `${changed} changed files are`
  const hasSubmodules = existsSync(resolve(directory, relative(`/${prefix}`, '/'), '.gitmodules'))
  const setup = 'its submodules are empty unless "worktree.setup" fetches them'
  return [
    ...(changed === 0
      ? []
      : [{ code: 'NOT_COMMITTED', text: `The worktree begins at the last commit: ${files} not in it ("${project}")` }]),
    ...(hasSubmodules
      ? [{ code: 'SUBMODULES', text: `The worktree is of a repository with submodules: ${setup}` }]
      : []),
  ]
}

/**
 * Looks whether a worktree will hold a program that is named by a relative path: it is looked for where its agent works.
 * @returns a warning when its commit has no such file: only the set-up can put it there
 */
export async function programOutside(
  { project }: Pick<Orch, 'project'>,
  { base, folder, prefix }: WorktreePlan,
  command: string | null | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Reason[]> {
  if (typeof command !== 'string' || !command.includes('/') || isAbsolute(command)) return []
  const path = join(prefix, command)
  const isThere = path.startsWith('../')
    ? existsSync(join(folder, path.slice('../'.length)))
    : (await runGit(project, ['cat-file', '-e', `${base}:${path}`], { signal })).code === 0
  const text = `The program "${command}" is looked for in the worktree, whose commit has none: name its whole path`
  return isThere ? [] : [{ code: 'PROGRAM_NOT_COMMITTED', text }]
}

function unsupported(directory: string, why: string, hint: string): OrchError {
  return new OrchError('WORKTREE_UNSUPPORTED', `Cannot make a worktree of "${directory}": ${why}`, { hint })
}
