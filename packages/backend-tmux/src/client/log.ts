import { isFullAfter, LONGEST_SWITCH } from '../output/full-screen.ts'
import { BLOCK_BYTES, type Line, lineStarts, linesBetween } from '../output/output-lines.ts'
import { modifiedAt } from './files.ts'
import { LogParts } from './log-parts.ts'

/** So many blocks are read at once when a log is followed: at least three hold a whole line. */
const PART_BLOCKS = 8

/** A part of a log. */
export interface LogPage {
  readonly lines: readonly Line[]
  /** Offset where the page begins. */
  readonly start: number
  /** Fewer than wanted: what lay before was removed. */
  readonly isCut: boolean
}

/** Which lines of a log: the last before an offset (`null`: the end). */
export interface LogQuery {
  readonly last: number
  readonly before: number | null
}

/** The last lines, read backwards and never further than needed. `null` when there is no log. */
export function readLastLines(path: string, query: LogQuery): LogPage | null {
  const log = new LogParts(path)
  for (;;) {
    if (!log.look()) return null
    const page = lastLinesOf(log, query)
    if (page !== null) return page
  }
}

/** `null` when parts were removed meanwhile. */
function lastLinesOf(log: LogParts, query: LogQuery): LogPage | null {
  const oldest = firstBlock(log)
  const to = Math.min(query.before ?? log.end, log.end)
  if (to <= oldest && oldest > 0) return { lines: [], start: to, isCut: true }
  let base = blockOf(Math.max(to - 1, 0))
  const blocks: Buffer[] = []
  const starts: number[] = []
  for (;;) {
    const block = log.read(base, Math.min(base + BLOCK_BYTES, log.end))
    if (block === null) return null
    blocks.unshift(block)
    starts.unshift(...lineStarts(block, base).filter((at) => at < to))
    if (starts.length >= query.last || base === oldest) break
    base -= BLOCK_BYTES
  }
  const all = base === 0 ? [0, ...starts] : starts
  const from = all.slice(-query.last)[0] ?? to
  const isCut = base > 0 && all.length < query.last
  return { lines: linesBetween(Buffer.concat(blocks), base, { from, to }), start: from, isCut }
}

/** When a log was last written to, ISO 8601, or `null`. */
export function loggedAt(path: string): string | null {
  const log = new LogParts(path)
  return log.look() ? modifiedAt(log.newest) : null
}

/** How far back a log is looked through, in blocks, for whether a program drew on the whole screen then. */
const BACK_BLOCKS = 64

/** Whether a program drew on the whole screen at an offset, by what the log says before that; `false` when it does not say. */
export function isFullScreenAt(path: string, offset: number): boolean {
  const log = new LogParts(path)
  if (!log.look()) return false
  const end = Math.min(offset, log.end)
  const least = Math.max(log.start, end - BACK_BLOCKS * BLOCK_BYTES)
  for (let to = end; to > least; to -= BLOCK_BYTES) {
    // A switch that lies on the border is in neither block alone.
    const bytes = log.read(Math.max(least, to - BLOCK_BYTES), Math.min(end, to + LONGEST_SWITCH))
    const isFull = bytes && isFullAfter(bytes)
    if (isFull !== null) return isFull
  }
  return false
}

/** Lines in the order of the log. */
export interface LogPart {
  readonly lines: readonly Line[]
  /** Whether more lay behind them already. */
  readonly more: boolean
  /** Lines before them were removed before they were read. */
  readonly isCut: boolean
}

const NOTHING: LogPart = { lines: [], more: false, isCut: false }

/** The lines from offset `from`, where one begins, as far as one read goes. Empty when there is no log. */
export function readLinesFrom(log: LogParts, from: number): LogPart {
  for (;;) {
    if (!log.look()) return NOTHING
    const part = linesAfter(log, from)
    if (part !== null) return part
  }
}

/** `null` when parts were removed meanwhile. */
function linesAfter(log: LogParts, wanted: number): LogPart | null {
  const oldest = firstBlock(log)
  const isCut = wanted < oldest
  const base = isCut ? oldest : blockOf(wanted)
  const to = Math.min(log.end, base + PART_BLOCKS * BLOCK_BYTES)
  if (to <= Math.max(base, wanted)) return NOTHING
  const bytes = log.read(base, to)
  if (bytes === null) return null
  const from = isCut ? (lineStarts(bytes, base)[0] ?? to) : wanted
  const lines = linesBetween(bytes, base, { from, to })
  return { lines: to < log.end ? lines.filter(({ final }) => final) : lines, more: to < log.end, isCut }
}

/** The first block that is there whole: the lines of a log whose beginning is gone are those that begin in it or later. */
function firstBlock({ start }: LogParts): number {
  return Math.ceil(start / BLOCK_BYTES) * BLOCK_BYTES
}

function blockOf(offset: number): number {
  return Math.floor(offset / BLOCK_BYTES) * BLOCK_BYTES
}
