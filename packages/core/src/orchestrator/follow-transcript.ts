import type { State } from '../agent.ts'
import type { BackendEvent } from '../backend.ts'
import type { TailLine } from '../documents.ts'
import { isOrchError } from '../errors.ts'
import type { StoredRecord } from '../registry/record.ts'
import { lookAndDeliver } from './deliver-queued.ts'
import type { Following } from './follow.ts'
import { hasEnded } from './look.ts'
import type { TailOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { readAfter, shownBy } from './read-transcript.ts'
import { type Told, tellEvent, tellFailure, tellMissed } from './told.ts'
import { reread } from './update-record.ts'

/** What is pushed until the agent's end, after the first page was told. `following` stands already. */
export async function* followTranscript(
  orch: Orch,
  stored: StoredRecord,
  options: TailOptions,
  { told, following }: { readonly told: Told; readonly following: Following },
): AsyncIterable<TailLine> {
  const { id } = told
  let last = ''
  for (let events: readonly (BackendEvent | null)[] = [null]; ; events = await following.next()) {
    for (const event of events) {
      if (event !== null) yield* tellEvent(told, event, shownBy(options))
      if (event?.type === 'gap') yield* catchUp(orch, stored, options, told)
    }
    if (events.every((event) => event?.type === 'item' || event?.type === 'delta')) continue
    const look = await lookAndDeliver(orch, await reread(orch, id), options.signal)
    const { state, reason } = look.agent
    const now = `${state} ${reason.code}`
    const rested = now !== last && last !== '' && !isBusy(state)
    if (rested || told.isBehind || hasEnded(look)) yield* catchUp(orch, stored, options, told)
    if (now !== last) yield { apiVersion: 1, type: 'state', agent: id, state, reason }
    last = now
    if (hasEnded(look)) {
      yield { apiVersion: 1, type: 'end', agent: id, reason }
      return
    }
  }
}

/** What stands in the transcript and was not pushed yet: a state is told after what led to it. */
async function* catchUp(
  orch: Orch,
  { record }: StoredRecord,
  options: TailOptions,
  told: Told,
): AsyncIterable<TailLine> {
  try {
    yield* tellMissed(told, await readAfter(orch, record, told.progress.position(), options))
  } catch (error) {
    if (options.signal?.aborted || !isOrchError(error)) throw error
    yield* tellFailure(told, { code: error.code, text: error.message })
  }
}

/** Nothing came to an end in such a state. */
function isBusy(state: State): boolean {
  return state === 'working' || state === 'running' || state === 'starting' || state === 'unknown'
}
