import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { fileError } from '../errors.ts'
import { uniqueId } from '../unique.ts'
import { type GitOptions, mustGit, runGit } from './run-git.ts'
import { withScratchIndex } from './scratch-index.ts'

/** What `git apply` takes, whatever the user's own settings are. */
const DIFF = [
  'diff',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--ignore-submodules=dirty',
]

/** What changes are read from. */
export interface ChangesSource {
  /** The top of the checkout. */
  readonly checkout: string
  /** The commit they begin at. */
  readonly from: string
  /** The commit they end at. @default the files of the checkout as they are */
  readonly to?: string | undefined
  /** They end at the index as it is. @default false */
  readonly staged?: boolean | undefined
  /** Which files of them. @default all */
  readonly pathspecs?: readonly string[] | undefined
  /** The descriptor of a file that all is printed to. @default what is returned */
  readonly output?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `git diff` from a commit to another one, or to the files of a checkout as they are: those that git does not follow yet
 * are among them, and those it was told not to look at; ignored ones are not. The checkout's own index stays as it is.
 * @param args more arguments for it
 * @returns what it printed, one for each list of arguments
 * @throws OrchError `WORKTREE_FAILED`, `DISK`, `PERMISSION_DENIED`
 */
export async function readChanges(
  { checkout, from, to, staged, pathspecs = [], output, signal }: ChangesSource,
  ...args: readonly (readonly string[])[]
): Promise<readonly string[]> {
  const verb = `read the changes in "${checkout}"`
  const end = staged === true ? ['--cached', from] : to === undefined ? [from] : [from, to]
  const printing = output === undefined ? {} : { output }
  const read = (options: GitOptions): Promise<string[]> =>
    Promise.all(
      args.map((one) =>
        mustGit(checkout, [...DIFF, ...one, ...end, '--', ...pathspecs], verb, { ...options, ...printing }),
      ),
    )
  if (staged === true || to !== undefined) return await read({ signal })
  return await withScratchIndex(checkout, signal, async (options) => {
    const unmerged = await runGit(checkout, ['ls-files', '--unmerged'], options)
    if (unmerged.code !== 0 || unmerged.stdout !== '') await mustGit(checkout, ['read-tree', 'HEAD'], verb, options)
    await mustGit(checkout, ['add', '--intent-to-add', '--', ':/'], verb, options)
    return await read(options)
  })
}

/**
 * Writes those changes to `file`, whole or not at all, and as they are: they may be of any encoding.
 * @returns whether there was something to write
 * @throws OrchError as {@link readChanges}
 */
export async function savePatch(source: ChangesSource, file: string): Promise<boolean> {
  const scratch = `${file}.${uniqueId()}`
  try {
    const output = openSync(scratch, 'wx', 0o600)
    try {
      await readChanges({ ...source, output }, ['--binary', '--full-index']).catch((error: unknown) => {
        // Git tells that it could not print, and not why: the disk does.
        writeSync(output, Buffer.alloc(65_536))
        throw error
      })
      // barrier: patch-drafted
      if (fstatSync(output).size === 0) return false
      fsyncSync(output)
    } finally {
      closeSync(output)
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
