import { execFile } from 'node:child_process'
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../harness/eventually.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'

const run = promisify(execFile)

/** A file system of its own, of 1 MiB, that a test may fill up or make read-only. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted; empty, mode 0700. */
  path: string
  /** A file that takes all the room while it is there. */
  filler: string
  /** Takes all the room that is left, to the last page. @param but leaves so many bytes free. @default 0 */
  fill(but?: number): void
  /** Gives back what `fill` or a preloaded filler took. */
  free(): void
  /** Makes every write through a path fail with `EROFS`; files that are open stay writable. */
  makeReadOnly(): Promise<void>
  /** Takes that back. */
  makeWritable(): Promise<void>
}

/** Mounts one (tmpfs, which needs root). Disposing it unmounts it; end first what uses it. */
export async function smallDisk(): Promise<SmallDisk> {
  const { path, remove } = await temporaryFolder()
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'orch-test', path])
  const filler = join(path, 'filler')
  let isReadOnly = false
  const makeWritable = async (): Promise<void> => {
    if (isReadOnly) await run('umount', ['--lazy', path])
    isReadOnly = false
  }
  return {
    path,
    filler,
    fill: (but = 0) => fillDisk(filler, but),
    free: () => rmSync(filler, { force: true }),
    async makeReadOnly() {
      await run('mount', ['--bind', path, path])
      isReadOnly = true
      await run('mount', ['-o', 'remount,bind,ro', path])
    },
    makeWritable,
    async [Symbol.asyncDispose]() {
      await makeWritable()
      await eventually(() => run('umount', [path]), { what: `the end of everything that uses "${path}"` })
      await remove()
    },
  }
}

function fillDisk(filler: string, but: number): void {
  const descriptor = openSync(filler, 'a')
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(65_536))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    if (but > 0) ftruncateSync(descriptor, fstatSync(descriptor).size - but)
    closeSync(descriptor)
  }
}
