import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants

const block = Buffer.alloc(65_536)

/**
 * Reads a file that others may replace: no symbolic link is followed, and a pipe or device is refused, not waited for.
 * Throws what the operating system says (`ENOENT`, `ELOOP` for a link …), and `ENOTREG` for what is no regular file.
 * @param use gets the text, and what the system says of the file after it was read if it asks for that
 */
export function withRegularFile<T>(file: string, use: (text: string, stats: () => Stats) => T): T {
  const descriptor = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    return use(readText(file, descriptor), () => fstatSync(descriptor))
  } finally {
    closeSync(descriptor)
  }
}

/** The text of a file, under the rules of {@link withRegularFile}. */
export function readRegularFile(file: string): string {
  return withRegularFile(file, (text) => text)
}

/** Reading at a position is refused by what is no file; only an endless device has more than a block, so that is looked at. */
function readText(file: string, descriptor: number): string {
  try {
    const length = readSync(descriptor, block, 0, block.length, 0)
    if (length < block.length) return block.toString('utf8', 0, length)
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'ESPIPE' ? notRegular(file, 'ENOTREG') : cause
  }
  assertRegular(file, fstatSync(descriptor))
  return readFileSync(descriptor, 'utf8')
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
  throw notRegular(file, stats.isDirectory() ? 'EISDIR' : 'ENOTREG')
}

function notRegular(file: string, code: string): Error {
  return Object.assign(new Error(`${code}: not a regular file, "${file}"`), { code })
}
