import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'

/** How much is read at first, and at most, in bytes. */
const FIRST_BYTES = 32_768
const MOST_BYTES = 4_194_304

/** What is read first is read here: one of its own for each of a thousand files is work for the garbage collector. */
const scratch = Buffer.allocUnsafeSlow(FIRST_BYTES)

/**
 * What `take` makes of the last whole lines of a file, oldest first: it is given more of them until it returns something other than
 * `null`; with `isAll`, there are no more within 4 MiB; `size` is how long the file is. `null` when the file is not there. It is read at once: the asynchronous
 * way costs more than the disk.
 */
export function readBack<T>(
  file: string,
  take: (lines: readonly string[], isAll: boolean, size: number) => T | null,
): T | null {
  const descriptor = openIfThere(file)
  if (descriptor === null) return null
  try {
    const { size } = fstatSync(descriptor)
    for (let bytes = FIRST_BYTES; ; bytes *= 2) {
      const start = Math.max(0, size - bytes)
      const into = bytes === FIRST_BYTES ? scratch.subarray(0, size - start) : Buffer.allocUnsafe(size - start)
      const text = into.toString('utf8', 0, readSync(descriptor, into, 0, into.length, start))
      const isAll = start === 0 || bytes >= MOST_BYTES
      const taken = take(linesOf(text, start === 0), isAll, size)
      if (taken !== null || isAll) return taken
    }
  } finally {
    closeSync(descriptor)
  }
}

/** The last whole lines of a file, oldest first: enough that `isEnough` is true of them, or all there are within 4 MiB. */
export function readLastWholeLines(
  file: string,
  isEnough: (lines: readonly string[]) => boolean,
): readonly string[] | null {
  return readBack(file, (lines, isAll) => (isAll || isEnough(lines) ? lines : null))
}

/** A line and where it lies, in bytes: its first, and the first after its line feed. */
export interface PlacedLine {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** How much of a long file is read at once, in bytes; a line that is longer is read whole. */
const PART_BYTES = 4_194_304

/** The whole lines from an offset on, at which one begins, part by part; none when the file is not there. */
export function* readLinesAfterPlace(file: string, offset: number): Generator<PlacedLine> {
  let from = offset
  for (let bytes = PART_BYTES; ; ) {
    const size = sizeOf(file)
    if (from >= size) return
    const to = Math.min(size, from + bytes)
    const lines = readLinesWithin(file, from, to)
    yield* lines
    from = lines.at(-1)?.end ?? from
    if (to === size) return
    bytes = lines.length === 0 ? bytes * 4 : PART_BYTES
  }
}

/** The whole lines that begin at or after one offset and end at or before another; `[]` when the file is not there. */
export function readLinesWithin(file: string, from: number, to: number): PlacedLine[] {
  const descriptor = openIfThere(file)
  if (descriptor === null) return []
  try {
    const base = Math.max(0, from - 1)
    const bytes = readBytes(descriptor, base, to)
    let at = from === 0 ? 0 : bytes.indexOf(10) + 1
    if (from > 0 && at === 0) return []
    const lines: PlacedLine[] = []
    for (let feed = bytes.indexOf(10, at); feed >= 0; feed = bytes.indexOf(10, at)) {
      lines.push({ text: bytes.toString('utf8', at, feed), start: base + at, end: base + feed + 1 })
      at = feed + 1
    }
    return lines
  } finally {
    closeSync(descriptor)
  }
}

/** How long a file is, in bytes; 0 when it is not there. */
export function sizeOf(file: string): number {
  const descriptor = openIfThere(file)
  if (descriptor === null) return 0
  try {
    return fstatSync(descriptor).size
  } finally {
    closeSync(descriptor)
  }
}

/** The text of a small file; `null` when it cannot be read. */
export function readSmallFile(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function openIfThere(file: string): number | null {
  try {
    return openSync(file, 'r')
  } catch {
    return null
  }
}

function readBytes(descriptor: number, start: number, end: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.max(0, end - start))
  return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, start))
}

function linesOf(text: string, isFromBeginning: boolean): string[] {
  const lines = text.split('\n').slice(0, -1)
  return isFromBeginning ? lines : lines.slice(1)
}
