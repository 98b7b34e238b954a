import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, type Stats, writeSync } from 'node:fs'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants

/**
 * Reads a file that others may replace: no symbolic link is followed, and a pipe or device is refused, not waited for.
 * Throws what the operating system says (`ENOENT`, `ELOOP` for a link …), and `ENOTREG` for what is no regular file.
 */
export function readRegularFile(file: string): { readonly text: string; readonly changedAt: string } {
  const descriptor = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const { mtime } = assertRegular(file, fstatSync(descriptor))
    return { text: readFileSync(descriptor, 'utf8'), changedAt: mtime.toISOString() }
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Appends with one write, under the same rules; makes the file (0600) when it is not there. When only a part reached
 * the disk, that is taken back unless more follows it by now.
 */
export function appendRegularFile(file: string, text: string): void {
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  try {
    const { size } = assertRegular(file, fstatSync(descriptor))
    writeOnce(descriptor, text, (written) => {
      if (fstatSync(descriptor).size === size + written) ftruncateSync(descriptor, size)
    })
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Writes with one call. A short write is never continued, so that no other one's line is taken along.
 * @param onShort what is done about the part that was written, before `ENOSPC` is thrown
 */
export function writeOnce(descriptor: number, text: string, onShort: (written: number) => void = () => {}): void {
  const bytes = Buffer.from(text)
  const written = writeSync(descriptor, bytes)
  if (written === bytes.length) return
  onShort(written)
  throw Object.assign(new Error(`ENOSPC: ${written} of ${bytes.length} bytes reached the disk`), { code: 'ENOSPC' })
}

function assertRegular(file: string, stats: Stats): Stats {
  if (stats.isFile()) return stats
  const code = stats.isDirectory() ? 'EISDIR' : 'ENOTREG'
  throw Object.assign(new Error(`${code}: not a regular file, "${file}"`), { code })
}
