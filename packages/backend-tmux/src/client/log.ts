import { type FileHandle, open } from 'node:fs/promises'
import { BLOCK_BYTES, type Line, lineStarts, linesBetween } from '../output-lines.ts'

/** So many blocks are read at once when a log is followed: at least three hold a whole line. */
const PART_BLOCKS = 64

/** A part of a log. */
export interface LogPage {
  readonly lines: readonly Line[]
  /** Offset where the page begins. */
  readonly start: number
}

/**
 * The last lines before offset `before` (`null`: the end), read backwards and never further than needed.
 * `null` when there is no log.
 */
export async function readLastLines(
  path: string,
  query: { readonly last: number; readonly before: number | null },
): Promise<LogPage | null> {
  return withLog(path, async (log, size) => {
    const to = Math.min(query.before ?? size, size)
    let base = Math.floor(Math.max(to - 1, 0) / BLOCK_BYTES) * BLOCK_BYTES
    const blocks: Buffer[] = []
    const starts: number[] = []
    for (;;) {
      const block = await readRange(log, base, Math.min(base + BLOCK_BYTES, size))
      blocks.unshift(block)
      starts.unshift(...lineStarts(block, base).filter((at) => at < to))
      if (starts.length >= query.last || base === 0) break
      base -= BLOCK_BYTES
    }
    const from = [...(base === 0 ? [0] : []), ...starts].slice(-query.last)[0] ?? 0
    return { lines: linesBetween(Buffer.concat(blocks), base, { from, to }), start: from }
  })
}

/** Lines in the order of the log. */
export interface LogPart {
  readonly lines: readonly Line[]
  /** Whether more lay behind them already. */
  readonly more: boolean
}

/** The lines from offset `from`, where one begins, as far as one read goes. Empty when there is no log. */
export async function readLinesFrom(path: string, from: number): Promise<LogPart> {
  const part = await withLog(path, async (log, size) => {
    const base = Math.floor(from / BLOCK_BYTES) * BLOCK_BYTES
    const to = Math.min(size, base + PART_BLOCKS * BLOCK_BYTES)
    if (to <= from) return null
    const lines = linesBetween(await readRange(log, base, to), base, { from, to })
    return { lines: to < size ? lines.filter(({ final }) => final) : lines, more: to < size }
  })
  return part ?? { lines: [], more: false }
}

async function withLog<T>(path: string, work: (log: FileHandle, size: number) => Promise<T>): Promise<T | null> {
  const log = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (log === null) return null
  try {
    return await work(log, (await log.stat()).size)
  } finally {
    await log.close()
  }
}

async function readRange(log: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await log.read(bytes, filled, bytes.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
