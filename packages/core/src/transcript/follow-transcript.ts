import type { State } from '../agent.ts'
import type { BackendEvent } from '../backend.ts'
import type { TailLine } from '../documents.ts'
import { isOrchError } from '../errors.ts'
import { lookAndDeliver } from '../messages/deliver-queued.ts'
import type { Following } from '../orchestrator/follow.ts'
import { hasEnded, type Look } from '../orchestrator/look.ts'
import type { TailOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { reread } from '../orchestrator/update-record.ts'
import type { StoredRecord } from '../registry/record.ts'
import { readAfter, shownBy } from './read-transcript.ts'
import { type Told, tellEvent, tellFailure, tellMissed } from './told.ts'

type Pushed = readonly (BackendEvent | null)[]

/**
 * What is pushed until the agent's end, after the first page was told. `following` stands already. What comes while the
 * agent is looked at is told at once: a busy server answers late.
 */
export async function* followTranscript(
  orch: Orch,
  stored: StoredRecord,
  options: TailOptions,
  { told, following }: { readonly told: Told; readonly following: Following },
): AsyncIterable<TailLine> {
  let coming = quiet(following.next())
  let looking: Promise<Look> | null = null
  let isLookWanted = true
  let last = ''
  try {
    for (;;) {
      if (isLookWanted && looking === null) {
        looking = quiet(look(orch, told.id, options))
        isLookWanted = false
      }
      const events = await Promise.race([...(looking === null ? [] : [looking.then(() => null)]), coming])
      if (events !== null) {
        coming = quiet(following.next())
        yield* tellPushed(orch, stored, options, { told, events })
        isLookWanted ||= events.some((event) => event?.type !== 'item' && event?.type !== 'delta')
        continue
      }
      const seen: Look = await (looking as Promise<Look>)
      looking = null
      const { state, reason } = seen.agent
      const now = `${state} ${reason.code}`
      const rested = now !== last && last !== '' && !isBusy(state)
      if (rested || told.isBehind || hasEnded(seen)) yield* catchUp(orch, stored, options, told)
      if (now !== last) yield { apiVersion: 1, type: 'state', agent: told.id, state, reason }
      last = now
      if (hasEnded(seen)) {
        yield { apiVersion: 1, type: 'end', agent: told.id, reason }
        return
      }
    }
  } finally {
    await looking?.catch(() => {})
  }
}

async function look(orch: Orch, id: string, { signal }: TailOptions): Promise<Look> {
  return lookAndDeliver(orch, await reread(orch, id), { signal })
}

/** A promise whose rejection counts only for those who wait for it. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

async function* tellPushed(
  orch: Orch,
  stored: StoredRecord,
  options: TailOptions,
  { told, events }: { readonly told: Told; readonly events: Pushed },
): AsyncIterable<TailLine> {
  for (const event of events) {
    if (event !== null) yield* tellEvent(told, event, shownBy(options))
    if (event?.type === 'gap') yield* catchUp(orch, stored, options, told)
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
