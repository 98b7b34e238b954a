import { copyFileSync, lstatSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileError } from '../errors.ts'
import { type GitOptions, mustGit, pathsOf } from './run-git.ts'

/** Lists what is in an index, and which of it git was told not to look at. */
export const LIST: readonly string[] = ['ls-files', '-v', '--stage', '-z']

/**
 * Runs git on a copy of a checkout's index that hides nothing: what `assume-unchanged` and `skip-worktree` keep git from
 * looking at is looked at there. The checkout's own index stays as it is.
 * @param run gets the options for every git that is to use the copy
 * @throws OrchError `WORKTREE_FAILED`, `DISK`, `PERMISSION_DENIED`
 */
export async function withScratchIndex<T>(
  checkout: string,
  signal: AbortSignal | undefined,
  run: (options: GitOptions) => Promise<T>,
): Promise<T> {
  const verb = `look at the index of "${checkout}"`
  const scratch = makeScratch()
  const index = join(scratch, 'index')
  const options = { signal, env: { GIT_INDEX_FILE: index } }
  try {
    const path = ['rev-parse', '--path-format=absolute', '--git-path', 'index']
    copyIndex((await mustGit(checkout, path, verb, { signal })).trim(), index)
    const { assumed, skipped } = hiddenPaths(checkout, await mustGit(checkout, LIST, verb, options))
    for (const [flag, paths] of [
      ['--no-assume-unchanged', assumed],
      ['--no-skip-worktree', skipped],
    ] as const) {
      const input = paths.map((one) => `${one}\0`).join('')
      if (input !== '') await mustGit(checkout, ['update-index', flag, '-z', '--stdin'], verb, { ...options, input })
    }
    return await run(options)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Paths that git was told not to look at, of those that are there; one that is not checked out is none. */
interface HiddenPaths {
  readonly assumed: readonly string[]
  readonly skipped: readonly string[]
}

/** @param listed what `git ls-files -v --stage -z` prints: a small letter means `assume-unchanged`, `S` `skip-worktree` */
export function hiddenPaths(checkout: string, listed: string): HiddenPaths {
  const entries = pathsOf(listed).map((entry) => ({ tag: entry[0] ?? '', path: entry.slice(entry.indexOf('\t') + 1) }))
  const pathsWith = (tag: RegExp): string[] => entries.filter((entry) => tag.test(entry.tag)).map(({ path }) => path)
  return { assumed: pathsWith(/[a-z]/), skipped: pathsWith(/s/i).filter((path) => isThere(join(checkout, path))) }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function makeScratch(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'orch-index-'))
  } catch (cause) {
    throw fileError(cause, `Cannot make a folder in "${tmpdir()}"`, 'DISK')
  }
}

/** No younger than it is: git looks into files that changed when their index was written, not at their size alone. */
function copyIndex(from: string, to: string): void {
  try {
    const { mtimeMs } = statSync(from)
    copyFileSync(from, to)
    utimesSync(to, (mtimeMs - 1) / 1000, (mtimeMs - 1) / 1000)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(cause, `Cannot copy "${from}"`, 'DISK')
  }
}
