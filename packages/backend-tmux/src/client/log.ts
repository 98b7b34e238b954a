import { type FileHandle, open } from 'node:fs/promises'
import { BLOCK_BYTES, type Line, lineStarts, linesBetween } from '../output-lines.ts'

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

/** Every line from offset `from`, where one begins. Empty when there is no log. */
export async function readLinesFrom(path: string, from: number): Promise<readonly Line[]> {
  const lines = await withLog(path, async (log, size) => {
    if (size <= from) return []
    const base = Math.floor(from / BLOCK_BYTES) * BLOCK_BYTES
    return linesBetween(await readRange(log, base, size), base, { from, to: size })
  })
  return lines ?? []
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
