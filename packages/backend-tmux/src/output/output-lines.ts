import { StringDecoder } from 'node:string_decoder'
import type { Item } from '@orch/core'
import { plainText } from './plain-text.ts'

/** Files are read in blocks of this many bytes, each at a multiple of it. */
export const BLOCK_BYTES = 65_536

/** A line of output as it lies in the log. */
export interface Line {
  /** Byte offset of its first byte. */
  readonly start: number
  /** Byte offset after it and its line feed. */
  readonly end: number
  /** Without the line feed. */
  readonly bytes: Buffer
  /** `false` for the last line while more may be added to it. */
  readonly final: boolean
  /** `true` when it goes on in the next one: it was cut, see {@link lineStarts}. */
  readonly cut: boolean
}

/**
 * Where lines begin in `bytes`, which lie at offset `base` (a multiple of {@link BLOCK_BYTES}) of a log: after each line feed, and,
 * so that a line without end need not be read whole, after each full block without any.
 * The same from whichever side the log is read, however it grows.
 */
export function lineStarts(bytes: Buffer, base: number): number[] {
  const starts: number[] = []
  for (let block = 0; block < bytes.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, bytes.length)
    const before = starts.length
    for (let at = bytes.indexOf(10, block); at >= 0 && at < end; at = bytes.indexOf(10, at + 1))
      starts.push(base + at + 1)
    if (starts.length === before && end - block === BLOCK_BYTES) starts.push(base + end)
  }
  return starts
}

/** The lines from offset `from`, where one begins, up to offset `to`. `bytes` lie at `base` as for {@link lineStarts}. */
export function linesBetween(
  bytes: Buffer,
  base: number,
  range: { readonly from: number; readonly to: number },
): Line[] {
  const ends = lineStarts(bytes, base).filter((at) => at > range.from && at <= range.to)
  const last = ends.at(-1) ?? range.from
  const open = last < range.to ? [range.to] : []
  let start = range.from
  return [...ends, ...open].map((end) => {
    const fed = bytes[end - base - 1] === 10
    const line = {
      start,
      end,
      bytes: bytes.subarray(start - base, end - base - (fed ? 1 : 0)),
      final: end <= last,
      cut: end <= last && !fed,
    }
    start = end
    return line
  })
}

/** A line as an item of the transcript; its id is its place in the log. */
export function lineItem(line: Line, raw: boolean): Item {
  const text = new StringDecoder('utf8').write(line.bytes)
  return {
    id: String(line.start),
    kind: 'screen',
    role: null,
    text: raw ? text : plainText(text),
    tool: null,
    truncated: line.cut,
    final: line.final,
    at: null,
    from: null,
  }
}
