import type { Item, Reason, TurnUsage } from '../agent.ts'
import type { ReadQuery, ReadResult } from '../backend.ts'
import { OrchError } from '../errors.ts'
import { toRef } from '../orchestrator/look.ts'
import type { TailOptions } from '../orchestrator/options.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import type { Position } from '../orchestrator/progress.ts'
import type { AgentRecord } from '../registry/record.ts'

/** How many items are read when nobody says. */
const DEFAULT_LAST = 20

/** How many items a page holds at most. */
export const LONGEST_PAGE = 100_000

/** How many items are asked for at once, after the first page, when it is not known how many are needed. */
const NEXT_PAGE = 100

/** What to read of a transcript; `turns` beside the items, with the newest page. */
export type Reading = Pick<TailOptions, 'raw' | 'reasoning' | 'signal'> & Pick<ReadQuery, 'turns'>

/** Items of a transcript, oldest first. */
export interface Transcript {
  readonly items: readonly Item[]
  /** What may be missing and why. */
  readonly gap: Reason | null
  /** What the newest turns used; `null` when that was not asked for, or is not known. */
  readonly turns: readonly TurnUsage[] | null
}

/** The newest items of an agent's transcript, exactly `last` or all there are: 1 to 100,000. @default last 20 */
export async function readTranscript(
  orch: Orch,
  record: AgentRecord,
  options: Reading & Pick<TailOptions, 'last'>,
): Promise<Transcript> {
  const { last = DEFAULT_LAST } = options
  assertLength(last)
  const isShown = shownBy(options)
  const { items, ...rest } = await readBack(orch, record, options, (items, pages) => {
    const missing = last - items.filter(isShown).length
    return pages === 0 || missing <= 0 ? missing : Math.max(missing, DEFAULT_LAST)
  })
  return { items: items.filter(isShown).slice(-last), ...rest }
}

/** @throws RangeError unless so many items can be read */
export function assertLength(last: number): void {
  if (!Number.isInteger(last) || last < 1 || last > LONGEST_PAGE) throw new RangeError(`Not a number of items: ${last}`)
}

/**
 * What came after a position: newer items, and those that were not finished then. Reads back no further than that.
 * `isReached: false`: the transcript does not hold the position any more, so this is all of it.
 */
export async function readAfter(
  orch: Orch,
  record: AgentRecord,
  position: Position,
  options: Reading,
): Promise<Transcript & { readonly isReached: boolean }> {
  const { items, ...rest } = await readBack(orch, record, options, (items, pages) => {
    if (pages === 0) return DEFAULT_LAST
    return isReachedBy(items, position) ? 0 : NEXT_PAGE
  })
  const start = items.findIndex(({ id }) => id === position.after)
  const isNew = ({ id }: Item, index: number): boolean => index > start || position.open.has(id)
  return {
    items: items.filter(isNew).filter(shownBy(options)),
    ...rest,
    isReached: start >= 0 || position.after === null,
  }
}

/** Whether an item is shown: reasoning only to those who want it. */
export function shownBy({ reasoning }: Reading): (item: Item) => boolean {
  return ({ kind }) => reasoning === true || kind !== 'reasoning'
}

/** An item that was open may never come, as text that was cut off: what is older than it is not looked through. */
function isReachedBy(items: readonly Item[], { after, open }: Position): boolean {
  const ids = new Set<string | null>(items.map(({ id }) => id))
  return ids.has(after) && [...open].every(([id, before]) => ids.has(id) || ids.has(before))
}

/** Pages back from the newest item for as long as more are wanted: `wanted` says how many. */
async function readBack(
  orch: Orch,
  record: AgentRecord,
  { raw = false, turns: newestTurns = 0, signal }: Reading,
  wanted: (items: readonly Item[], pages: number) => number,
): Promise<Transcript> {
  const backend = await orch.backend(record.backend)
  const call = { backend: record.backend, agent: record.id, verb: 'read', timeoutMs: orch.requestTimeoutMs, signal }
  let items: readonly Item[] = []
  let gap: Reason | null = null
  let turns: readonly TurnUsage[] | null = null
  let before: string | null = null
  for (let pages = 0, last = wanted(items, 0); last > 0; last = wanted(items, pages)) {
    const query = { last, before, raw, ...(pages === 0 && newestTurns > 0 ? { turns: newestTurns } : {}) }
    const page: ReadResult = await callBackend(call, (inner) => backend.read(toRef(record), query, inner))
    items = [...page.items, ...items]
    gap ??= page.gap
    turns ??= page.turns ?? null
    pages += 1
    if (page.before === null) break
    if (page.before === before) throw noWayBack(call)
    before = page.before
  }
  return { items, gap, turns }
}

function noWayBack({ agent, backend }: { readonly agent: string; readonly backend: string }): OrchError {
  return new OrchError('BAD_ANSWER', `Cannot read "${agent}": the page before a page began where that one did`, {
    agent,
    backend,
  })
}
