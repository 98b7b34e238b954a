import type { ReadQuery, ReadResult } from '@orch/core'
import { isFullScreenAt, readLastLines } from '../client/log.ts'
import { FullScreenFilter } from './full-screen.ts'
import { LOG_CUT } from './log-follower.ts'
import { type Line, lineItem } from './output-lines.ts'

/** How many lines are read at once, at least, where many of them were drawn and are no text. */
const LEAST_LINES = 200

/**
 * A page of a log, read from its end and no further than needed, without what was drawn on the whole screen; `null` when there
 * is no log. @param query.before offset of the line that the page before this one began with
 */
export function readLogPage(
  path: string,
  { last, before, raw }: Pick<ReadQuery, 'last' | 'raw'> & { readonly before: number | null },
): ReadResult | null {
  let lines: readonly Line[] = []
  let start = before
  let isCut = false
  for (let wanted = last; lines.length < last && start !== 0 && !isCut; wanted = LEAST_LINES) {
    const page = readLastLines(path, { last: Math.max(wanted, last - lines.length), before: start })
    if (page === null) return null
    const filter = new FullScreenFilter(!raw && isFullScreenAt(path, page.start))
    const shown = raw ? page.lines : page.lines.flatMap((line) => filter.take(line) ?? [])
    lines = [...shown, ...lines]
    start = page.start
    isCut = page.isCut
  }
  const kept = lines.slice(-last)
  const hasMore = kept.length < lines.length || (start !== 0 && !isCut && kept.length > 0)
  return {
    items: kept.map((line) => lineItem(line, raw)),
    before: hasMore ? String(kept[0]?.start) : null,
    gap: isCut ? LOG_CUT : null,
  }
}
