import { createHash } from 'node:crypto'
import type { Item, Reason } from '../agent.ts'
import type { BackendEvent } from '../backend.ts'
import type { TailLine } from '../documents.ts'
import { createProgress, cursorOf, type Position, type Progress } from '../orchestrator/progress.ts'
import { keepNewest } from './keep-newest.ts'
import type { Transcript } from './read-transcript.ts'

/** What one reader was told of an agent's transcript. */
export interface Told {
  readonly id: string
  /** What it was told last of each of the newest items; digests, because the texts themselves may be large. */
  readonly items: Map<string, { readonly final: boolean; readonly digest: string }>
  /** Items that are not for this reader. */
  readonly hidden: Set<string>
  /** Unfinished items of which it is not known how much of the text still to be pushed is told already. */
  readonly doubtful: Set<string>
  readonly progress: Progress
  /** Something may have been missed, and could not be read yet. */
  isBehind: boolean
  /** The code of what a reading said last of what may be missing. */
  lastGap: string | null
}

/** A reader that was told everything up to a position. */
export function startTelling(id: string, from: Position): Told {
  return {
    id,
    items: new Map(),
    hidden: new Set(),
    doubtful: new Set(),
    progress: createProgress(from),
    isBehind: false,
    lastGap: null,
  }
}

/** A page of a transcript as lines. */
export function* tellPage(told: Told, { items, gap }: Transcript): Iterable<TailLine> {
  yield* tellGapOnce(told, gap)
  for (const item of items) yield tellItem(told, item, true)
}

/** Of a page that was read again, what is new. */
export function* tellMissed(told: Told, { items, gap }: Transcript): Iterable<TailLine> {
  told.isBehind = false
  told.progress.mended()
  yield* tellGapOnce(told, gap)
  for (const item of items) {
    const before = told.items.get(item.id)
    if (before === undefined || !(before.final || before.digest === digestOf(item))) yield tellItem(told, item, true)
  }
}

/** That the transcript cannot be read now, said once. */
export function* tellFailure(told: Told, reason: Reason): Iterable<TailLine> {
  if (!told.isBehind) yield gapLine(told, reason)
  told.isBehind = true
  told.progress.hold()
}

/** What was pushed, as a line; nothing for what is known, not shown, or in doubt. */
export function* tellEvent(told: Told, event: BackendEvent, isShown: (item: Item) => boolean): Iterable<TailLine> {
  if (event.type === 'item') {
    const { item } = event
    const before = told.items.get(item.id)
    if (before?.final && !item.final) return
    told.doubtful.delete(item.id)
    if (!isShown(item)) told.hidden.add(item.id)
    else if (before === undefined || before.digest !== digestOf(item)) yield tellItem(told, item, false)
  } else if (event.type === 'delta') {
    const { itemId, text } = event
    if (told.doubtful.has(itemId) || told.hidden.has(itemId) || told.items.get(itemId)?.final) return
    yield { apiVersion: 1, type: 'delta', agent: told.id, itemId, text }
  } else if (event.type === 'gap') {
    for (const [id, { final }] of told.items) if (!final) told.doubtful.add(id)
    yield gapLine(told, event.reason)
  }
}

function tellItem(told: Told, item: Item, isRead: boolean): TailLine {
  const { id, items, doubtful, progress } = told
  keepNewest(items, item.id, { final: item.final, digest: digestOf(item) })
  if (isRead && !item.final) doubtful.add(item.id)
  else doubtful.delete(item.id)
  progress.told(item, isRead)
  return { apiVersion: 1, type: 'item', agent: id, cursor: cursorOf(progress.position()), item }
}

function* tellGapOnce(told: Told, gap: Reason | null): Iterable<TailLine> {
  if (gap !== null && gap.code !== told.lastGap) yield gapLine(told, gap)
  told.lastGap = gap?.code ?? null
}

function gapLine({ id }: Told, reason: Reason): TailLine {
  return { apiVersion: 1, type: 'gap', agent: id, reason }
}

function digestOf(item: Item): string {
  return createHash('sha1').update(JSON.stringify(item)).digest('base64')
}
