import type { Item, State } from '../agent.ts'
import type { BackendEvent, ReadResult } from '../backend.ts'
import type { TailLine } from '../documents.ts'
import { isOrchError } from '../errors.ts'
import type { StoredRecord } from '../registry/record.ts'
import type { Following } from './follow.ts'
import { hasEnded, lookAtOne } from './look.ts'
import type { TailOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { DEFAULT_LAST, LONGEST_PAGE, readTranscript } from './read-transcript.ts'
import { reread } from './update-record.ts'

/** What a follower was told of each item. */
interface Told {
  readonly items: Map<string, Item>
  /** Unfinished items as a page had them: which of the text still to be pushed they hold already is not known. */
  readonly fromPage: Set<string>
}

/** The newest page, and then what is pushed until the agent's end. `following` stands already. */
export async function* followTranscript(
  orch: Orch,
  stored: StoredRecord,
  options: TailOptions,
  following: Following,
): AsyncIterable<TailLine> {
  const { id } = stored.record
  const told: Told = { items: new Map(), fromPage: new Set() }
  const first = await readTranscript(orch, stored.record, options)
  yield* pageLines(id, first)
  for (const item of first.items) remember(told, item)
  let last = ''
  for (let events: readonly (BackendEvent | null)[] = [null]; ; events = await following.next()) {
    for (const event of events) {
      const line = event === null ? null : toLine(id, event, told)
      if (line !== null) yield line
    }
    if (events.every((event) => event?.type === 'item' || event?.type === 'delta')) continue
    const look = await lookAtOne(orch, await reread(orch, id), options.signal)
    const { state, reason } = look.agent
    const now = `${state} ${reason.code}`
    const rested = now !== last && last !== '' && !isBusy(state)
    const gap = events.some((event) => event?.type === 'gap')
    if (rested || gap || hasEnded(look)) yield* notYetTold(id, await readSince(orch, stored, options, told), told)
    if (now !== last) yield { apiVersion: 1, type: 'state', agent: id, state, reason }
    last = now
    if (hasEnded(look)) {
      yield { apiVersion: 1, type: 'end', agent: id, reason }
      return
    }
  }
}

/** A page of a transcript as lines. */
export function pageLines(id: string, page: ReadResult): TailLine[] {
  const lines: TailLine[] = page.items.map((item) => itemLine(id, item, page.before))
  return page.gap === null ? lines : [{ apiVersion: 1, type: 'gap', agent: id, reason: page.gap }, ...lines]
}

/** A page that goes back to something that was told already, or to the beginning; a gap when it cannot be read now. */
async function readSince(orch: Orch, stored: StoredRecord, options: TailOptions, told: Told): Promise<ReadResult> {
  try {
    for (let last = options.last ?? DEFAULT_LAST; ; last = Math.min(last * 10, LONGEST_PAGE)) {
      const page = await readTranscript(orch, stored.record, { ...options, last })
      const isEnough = page.before === null || last === LONGEST_PAGE
      if (isEnough || page.items.some(({ id }) => told.items.has(id))) return page
    }
  } catch (error) {
    if (options.signal?.aborted || !isOrchError(error)) throw error
    return { items: [], before: null, gap: { code: error.code, text: error.message } }
  }
}

/** What stands in the transcript and was not pushed yet: a state is told after what led to it. */
function* notYetTold(id: string, page: ReadResult, told: Told): Iterable<TailLine> {
  if (page.items.length === 0) yield* pageLines(id, page)
  const known = page.items.map((item) => told.items.has(item.id)).lastIndexOf(true)
  for (const [index, item] of page.items.entries()) {
    const before = told.items.get(item.id)
    if (before === undefined ? index <= known : before.final || isSame(before, item)) continue
    remember(told, item)
    yield itemLine(id, item)
  }
}

function remember(told: Told, item: Item): void {
  told.items.set(item.id, item)
  if (item.final) told.fromPage.delete(item.id)
  else told.fromPage.add(item.id)
}

function toLine(id: string, event: BackendEvent, told: Told): TailLine | null {
  if (event.type === 'item') {
    const before = told.items.get(event.item.id)
    if (before?.final && isSame(before, event.item)) return null
    told.items.set(event.item.id, event.item)
    told.fromPage.delete(event.item.id)
    return itemLine(id, event.item)
  }
  if (event.type === 'delta') {
    const { itemId, text } = event
    return told.fromPage.has(itemId) ? null : { apiVersion: 1, type: 'delta', agent: id, itemId, text }
  }
  return event.type === 'gap' ? { apiVersion: 1, type: 'gap', agent: id, reason: event.reason } : null
}

function isSame(one: Item, other: Item): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function itemLine(id: string, item: Item, cursor: string | null = null): TailLine {
  return { apiVersion: 1, type: 'item', agent: id, cursor, item }
}

/** Nothing came to an end in such a state. */
function isBusy(state: State): boolean {
  return state === 'working' || state === 'running' || state === 'starting' || state === 'unknown'
}
