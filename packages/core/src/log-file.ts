import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { watchDirectories } from './watch-directories.ts'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants
const BLOCK_BYTES = 65_536
const LINE_END = 10

/** Lines of a file that begin at or after an offset, and the offset where the next one begins. */
interface Part {
  readonly lines: readonly string[]
  readonly end: number
}

/**
 * The last lines of a file that a program goes on writing, and with `follow` each whole line that comes, until abort.
 * A file that became shorter was begun anew and is read from its start. Throws what the operating system says, and
 * `ENOTREG` for what is no regular file; with `follow`, a file that is gone is waited for.
 */
export async function* linesOfLog(
  path: string,
  { last, follow, signal }: { readonly last: number; readonly follow: boolean; readonly signal: AbortSignal },
): AsyncIterable<string> {
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const changes = follow ? watchDirectories([dirname(path)], until)[Symbol.asyncIterator]() : null
  try {
    yield* linesAround(path, last, changes)
  } finally {
    over.abort()
  }
}

/** Subscribed before it reads: nothing falls between. */
async function* linesAround(
  path: string,
  last: number,
  changes: AsyncIterator<string | null> | null,
): AsyncIterable<string> {
  let next = changes?.next()
  const whole = changes !== null
  let { lines, end } = await withFile(path, (file, size) => readLast(file, size, { last, whole }))
  yield* lines
  while (changes !== null && next !== undefined) {
    const { done, value } = await next
    if (done) break
    next = changes.next()
    if (value !== null && value !== basename(path)) continue
    const from = end
    const more = await withFile(path, (file, size) => readWhole(file, size < from ? 0 : from, size)).catch(untilThere)
    ;({ lines, end } = more ?? { lines: [], end: 0 })
    yield* lines
  }
}

function untilThere(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

async function withFile<T>(path: string, work: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw Object.assign(new Error(`ENOTREG: not a regular file, "${path}"`), { code: 'ENOTREG' })
    return await work(file, stats.size)
  } finally {
    await file.close()
  }
}

/** Read backwards, no further than needed. With `whole`, a line that has no end yet is left for later. */
async function readLast(
  file: FileHandle,
  size: number,
  { last, whole }: { readonly last: number; readonly whole: boolean },
): Promise<Part> {
  const blocks: Buffer[] = []
  let base = size
  let ends = 0
  while (base > 0 && ends <= last) {
    const from = Math.max(0, base - BLOCK_BYTES)
    const block = await readRange(file, from, base)
    blocks.unshift(block)
    ends += block.reduce((count, byte) => (byte === LINE_END ? count + 1 : count), 0)
    base = from
  }
  const bytes = Buffer.concat(blocks)
  const upTo = whole ? bytes.lastIndexOf(LINE_END) + 1 : bytes.length
  return { lines: split(bytes.subarray(0, upTo)).slice(-last), end: base + upTo }
}

async function readWhole(file: FileHandle, from: number, size: number): Promise<Part> {
  const bytes = await readRange(file, from, size)
  const upTo = bytes.lastIndexOf(LINE_END) + 1
  return { lines: split(bytes.subarray(0, upTo)), end: from + upTo }
}

async function readRange(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
  return bytes.subarray(0, bytesRead)
}

function split(bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}
