import type { Agent, Item } from '../agent.ts'
import type { BackendEvent, ReadResult } from '../backend.ts'
import type { TailLine } from '../documents.ts'
import { OrchError } from '../errors.ts'
import type { StoredRecord } from '../registry/record.ts'
import { type Following, follow } from './follow.ts'
import { lookAtOne } from './look.ts'
import type { TailOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { readTranscript } from './read-transcript.ts'
import { assertSound, reread } from './update-record.ts'

/**
 * The newest lines or items of an agent, exactly `last` or all there are, and with `follow` what comes after them
 * until the agent's end. Subscribes before it reads: nothing falls between, nothing final comes twice.
 * @throws OrchError `AGENT_NOT_FOUND`, `RECORD_CORRUPT`, the backend's own
 */
export async function* tail(orch: Orch, id: string, options: TailOptions = {}): AsyncIterable<TailLine> {
  const stored = assertSound(await reread(orch, id))
  if (stored.record.handle === null) throw nothingToRead(id)
  if (!options.follow) {
    yield* linesOf(id, await readTranscript(orch, stored.record, options))
    return
  }
  const following = follow(orch, [stored], { content: true, raw: options.raw === true }, options.signal)
  try {
    await following.ready()
    yield* followLines(orch, stored, options, following)
  } finally {
    following.stop()
  }
}

async function* followLines(
  orch: Orch,
  stored: StoredRecord,
  options: TailOptions,
  following: Following,
): AsyncIterable<TailLine> {
  const { id } = stored.record
  const printed = new Map<string, Item>()
  for (const line of linesOf(id, await readTranscript(orch, stored.record, options))) {
    if (line.type === 'item') printed.set(line.item.id, line.item)
    yield line
  }
  let last = ''
  for (let events: readonly (BackendEvent | null)[] = [null]; ; events = await following.next()) {
    for (const event of events) {
      const line = event === null ? null : toLine(id, event, printed)
      if (line !== null) yield line
    }
    if (events.every((event) => event?.type === 'item' || event?.type === 'delta')) continue
    const { agent } = await lookAtOne(orch, await reread(orch, id), options.signal)
    const now = `${agent.state} ${agent.reason.code}`
    if (now !== last) {
      if (last !== '' && !isBusy(agent.state))
        yield* notYetPrinted(id, await readTranscript(orch, stored.record, options), printed)
      yield { apiVersion: 1, type: 'state', agent: id, state: agent.state, reason: agent.reason }
    }
    last = now
    if (isOver(agent)) {
      yield* notYetPrinted(id, await readTranscript(orch, stored.record, options), printed)
      yield { apiVersion: 1, type: 'end', agent: id, reason: agent.reason }
      return
    }
  }
}

/** What stands in the transcript and was not pushed yet: a state is told after what led to it. */
function* notYetPrinted(id: string, page: ReadResult, printed: Map<string, Item>): Iterable<TailLine> {
  const known = page.items.map((item) => printed.has(item.id)).lastIndexOf(true)
  for (const [index, item] of page.items.entries()) {
    const before = printed.get(item.id)
    if (before === undefined ? index <= known : before.final) continue
    printed.set(item.id, item)
    yield itemLine(id, item)
  }
}

function toLine(id: string, event: BackendEvent, printed: Map<string, Item>): TailLine | null {
  if (event.type === 'item') {
    const before = printed.get(event.item.id)
    if (before?.final && JSON.stringify(before) === JSON.stringify(event.item)) return null
    printed.set(event.item.id, event.item)
    return itemLine(id, event.item)
  }
  if (event.type === 'delta') return { apiVersion: 1, type: 'delta', agent: id, itemId: event.itemId, text: event.text }
  return event.type === 'gap' ? { apiVersion: 1, type: 'gap', agent: id, reason: event.reason } : null
}

function linesOf(id: string, page: ReadResult): TailLine[] {
  const lines: TailLine[] = page.items.map((item) => itemLine(id, item, page.before))
  return page.gap === null ? lines : [{ apiVersion: 1, type: 'gap', agent: id, reason: page.gap }, ...lines]
}

function itemLine(id: string, item: Item, cursor: string | null = null): TailLine {
  return { apiVersion: 1, type: 'item', agent: id, cursor, item }
}

function isBusy(state: Agent['state']): boolean {
  return state === 'working' || state === 'running' || state === 'starting'
}

function isOver(agent: Agent): boolean {
  const closed = agent.lifecycle === 'completed' || agent.lifecycle === 'abandoned'
  return closed || agent.exit !== null || agent.state === 'exited' || agent.state === 'lost'
}

function nothingToRead(id: string): OrchError {
  return new OrchError('AGENT_NOT_FOUND', `Cannot read "${id}": nothing of it was created`, {
    hint: `See why with "orch check ${id}"`,
    agent: id,
  })
}
