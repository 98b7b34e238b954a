import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { WorktreeConfig } from '../config/config.ts'
import { fileError, OrchError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { appendRegularFile } from '../regular-file.ts'
import { mustGit, runGit } from './run-git.ts'

/**
 * Links and copies the untracked files that the configuration names from the main checkout into a worktree. What is not
 * there is passed over, and so is what the worktree has already.
 * @throws OrchError `WORKTREE_FAILED`, `PERMISSION_DENIED`, `DISK`
 */
export async function shareFiles(
  project: string,
  worktree: string,
  { link, copy }: WorktreeConfig,
  signal: AbortSignal | undefined,
): Promise<void> {
  const linked = link.filter((path) => share(project, worktree, path, symlinkSync))
  // barrier: worktree-linked
  for (const path of copy) share(project, worktree, path, copyWhole)
  if (linked.length > 0) await ignoreLinks(project, worktree, linked, signal)
}

function share(project: string, worktree: string, path: string, put: (from: string, to: string) => void): boolean {
  const from = resolve(project, path)
  const to = resolve(worktree, path)
  if (!existsSync(from) || isThere(to)) return false
  try {
    mkdirSync(dirname(to), { recursive: true })
    if (!`${realpathSync(dirname(to))}/`.startsWith(`${realpathSync(worktree)}/`))
      throw new OrchError('WORKTREE_FAILED', `Cannot put "${path}" into "${worktree}": a link leads out of it there`, {
        hint: 'Take it out of "worktree" in the configuration',
      })
    put(from, to)
    return true
  } catch (cause) {
    if (cause instanceof OrchError) throw cause
    throw fileError(cause, `Cannot put "${path}" into the worktree "${worktree}"`, 'WORKTREE_FAILED')
  }
}

function copyWhole(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** What is ignored as a folder (`node_modules/`) is not as a link to it, and would be committed with the work. */
async function ignoreLinks(
  project: string,
  worktree: string,
  links: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const ask = ['-c', 'core.quotePath=false', 'check-ignore', '--', ...links]
  const [ignored, still] = await Promise.all([runGit(project, ask, { signal }), runGit(worktree, ask, { signal })])
  const shown = still.stdout.split('\n')
  const missing = ignored.stdout.split('\n').filter((path) => path !== '' && !shown.includes(path))
  if (missing.length === 0) return
  const common = await mustGit(project, ['rev-parse', '--git-common-dir'], 'find the repository', { signal })
  const file = join(resolve(project, common.trim()), 'info', 'exclude')
  try {
    makePrivateDirectory(dirname(file))
    const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const lines = missing.map((path) => `/${path.replace(/^(\.\/)+|\/+$/g, '').replaceAll(/[\\*?[ ]/g, '\\$&')}`)
    const fresh = lines.filter((line) => !before.split('\n').includes(line))
    if (fresh.length > 0)
      appendRegularFile(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}${fresh.join('\n')}\n`)
  } catch (cause) {
    throw fileError(cause, `Cannot have git ignore the links of worktrees in "${file}"`, 'WORKTREE_FAILED')
  }
}
