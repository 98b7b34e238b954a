import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, writeSync } from 'node:fs'

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

/** Appends with one write, under the same rules; makes the file (0600) when it is not there. */
export function appendRegularFile(file: string, text: string): void {
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  try {
    assertRegular(file, fstatSync(descriptor))
    writeSync(descriptor, text)
  } finally {
    closeSync(descriptor)
  }
}

function assertRegular(file: string, stats: Stats): Stats {
  if (stats.isFile()) return stats
  const code = stats.isDirectory() ? 'EISDIR' : 'ENOTREG'
  throw Object.assign(new Error(`${code}: not a regular file, "${file}"`), { code })
}
