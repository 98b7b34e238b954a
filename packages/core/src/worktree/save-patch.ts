import { closeSync, copyFileSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../errors.ts'
import { uniqueId } from '../unique.ts'
import { mustGit, runGit } from './run-git.ts'

/** A patch that `git apply` takes, whatever the user's own settings are. */
const PATCH = [
  'diff',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--ignore-submodules=dirty',
]

/** What a patch is made of. */
export interface PatchSource {
  /** The top of the checkout. */
  readonly checkout: string
  /** The commit it begins at. */
  readonly from: string
  /** A folder for files that are needed meanwhile. */
  readonly scratch: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `git diff` from a commit to the files of a checkout as they are, those that git does not follow yet among them;
 * ignored ones are not. The checkout's own index stays as it is.
 * @param args more arguments for it
 * @throws OrchError `WORKTREE_FAILED`, `DISK`, `PERMISSION_DENIED`
 */
async function diffOf({ checkout, from, scratch, signal }: PatchSource, args: readonly string[]): Promise<string> {
  const verb = `read the changes in "${checkout}"`
  const index = join(scratch, `.index-${uniqueId()}`)
  const options = { signal, env: { GIT_INDEX_FILE: index } }
  try {
    const own = await mustGit(checkout, ['rev-parse', '--path-format=absolute', '--git-path', 'index'], verb, {
      signal,
    })
    copyIndex(own.trim(), index)
    const unmerged = await runGit(checkout, ['ls-files', '--unmerged'], options)
    if (unmerged.code !== 0 || unmerged.stdout !== '') await mustGit(checkout, ['read-tree', 'HEAD'], verb, options)
    await mustGit(checkout, ['add', '--intent-to-add', '--', ':/'], verb, options)
    return await mustGit(checkout, [...PATCH, ...args, from, '--'], verb, options)
  } finally {
    for (const file of [index, `${index}.lock`]) rmSync(file, { force: true })
  }
}

/**
 * Writes those changes to `file`, whole or not at all, and as they are: they may be of any encoding.
 * @returns whether there was something to write
 * @throws OrchError as {@link diffOf}
 */
export async function savePatch(source: PatchSource, file: string): Promise<boolean> {
  const scratch = `${file}.${uniqueId()}`
  try {
    await diffOf(source, ['--binary', '--full-index', `--output=${scratch}`])
    if (statSync(scratch, { throwIfNoEntry: false })?.size === 0) return false
    const descriptor = openSync(scratch, 'r+')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(scratch, file)
    return true
  } catch (cause) {
    if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause
    throw fileError(cause, `Cannot write the patch "${file}"`, 'DISK')
  } finally {
    rmSync(scratch, { force: true })
  }
}

function copyIndex(from: string, to: string): void {
  try {
    copyFileSync(from, to)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(cause, `Cannot copy "${from}"`, 'DISK')
  }
}
