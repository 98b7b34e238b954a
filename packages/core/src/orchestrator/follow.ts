import { existsSync } from 'node:fs'
import type { Reason } from '../agent.ts'
import type { BackendEvent, EventsQuery } from '../backend.ts'
import type { StoredRecord } from '../registry/record.ts'
import { DeadlineError, interval, recheck, TIMING, withDeadline } from '../timing.ts'
import { watchDirectories } from '../watch-directories.ts'
import { PAGE } from '../workspace/report.ts'
import { toRef } from './look.ts'
import type { Orch } from './orch.ts'

/** So many events wait at most for one who follows: a backend is asked for more when they are taken. */
const MOST_WAITING = 100

const RESUBSCRIBED: Reason = {
  code: 'RESUBSCRIBED',
  text: 'The subscription had ended; something may have been missed',
}

/** Everything that can change the state of some agents, subscribed to before anyone looks. */
export interface Following {
  /**
   * Resolves once every subscription stands, has failed, or took too long (the safety net is left then): from then on
   * nothing is missed without a wake. Rejects with the parent's reason at abort.
   */
  ready(): Promise<void>
  /** What was pushed since the last call; waits for something when there is nothing. `null` says only: look again. */
  next(): Promise<readonly (BackendEvent | null)[]>
  /** Ends every subscription. */
  stop(): void
}

interface Subscription {
  readonly backend: string
  readonly group: readonly StoredRecord[]
  readonly query: EventsQuery
  /** Resolves once more may be pushed: who is slow to take events makes nothing pile up. */
  readonly push: (event: BackendEvent | null) => Promise<void> | undefined
  readonly signal: AbortSignal
}

/**
 * Follows agents by pushed events: their backends', their pages', their records'. A slow tick is the safety net.
 * One subscription per backend, whatever the number of agents. With `anyRecord` the record of any other agent wakes it too.
 */
export function follow(
  orch: Orch,
  records: readonly StoredRecord[],
  query: EventsQuery & { readonly anyRecord?: boolean },
  parent: AbortSignal | undefined,
): Following {
  const controller = new AbortController()
  const { signal } = controller
  const queue: (BackendEvent | null)[] = []
  let wake: () => void = () => {}
  const waiting: (() => void)[] = []
  const goOn = (): void => {
    for (const proceed of waiting.splice(0)) proceed()
  }
  const push = (event: BackendEvent | null): Promise<void> | undefined => {
    queue.push(event)
    wake()
    return queue.length < MOST_WAITING ? undefined : new Promise((resolve) => waiting.push(resolve))
  }
  const onAbort = (): void => wake()
  parent?.addEventListener('abort', onAbort, { once: true })
  const tick = interval(TIMING.safetyNetMs, () => void push(null))
  const ids = new Set(records.map(({ record }) => record.id))
  void forEach(orch.registry.watch(signal), (id) =>
    id === null || query.anyRecord === true || ids.has(id) ? push(null) : undefined,
  )
  void forEach(watchDirectories(workspacesOf(records), signal), (name) =>
    name === null || name === PAGE ? push(null) : undefined,
  )
  const subscriptions = [...byBackend(records)].map(([backend, group]) =>
    subscribe(orch, { backend, group, query, push, signal }),
  )

  return {
    ready: async () => {
      try {
        await withDeadline(TIMING.readyTimeoutMs, parent, () => Promise.all(subscriptions))
      } catch (error) {
        if (!(error instanceof DeadlineError) || parent?.aborted) throw error
      }
    },
    next: async () => {
      if (queue.length === 0 && !parent?.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      parent?.throwIfAborted()
      goOn()
      return queue.splice(0)
    },
    stop: () => {
      tick.stop()
      parent?.removeEventListener('abort', onAbort)
      controller.abort()
      goOn()
    },
  }
}

/** Resolves when the backend says `ready`; a subscription that ends leaves the safety net and is made again. */
function subscribe(orch: Orch, to: Subscription): Promise<void> {
  return new Promise((resolve) => {
    const refs = to.group.map(({ record }) => toRef(record))
    let ended = false
    const onEvent = (event: BackendEvent): Promise<void> | undefined => {
      resolve()
      if (event.type !== 'ready') return to.push(event)
      return ended ? to.push({ type: 'gap', agent: null, reason: RESUBSCRIBED }) : undefined
    }
    const run = async (): Promise<undefined> => {
      try {
        const backend = await orch.backend(to.backend)
        await forEach(backend.events(refs, to.query, to.signal), onEvent)
      } catch {
        // The next look says what is wrong with this backend.
      }
      ended = true
      void to.push(null)
      resolve()
    }
    recheck(run, { timeoutMs: Number.MAX_SAFE_INTEGER, everyMs: TIMING.safetyNetMs, signal: to.signal }).catch(resolve)
  })
}

function byBackend(records: readonly StoredRecord[]): Map<string, StoredRecord[]> {
  const groups = new Map<string, StoredRecord[]>()
  for (const stored of records) {
    if (stored.closed || stored.record.handle === null) continue
    const group = groups.get(stored.record.backend)
    if (group) group.push(stored)
    else groups.set(stored.record.backend, [stored])
  }
  return groups
}

function workspacesOf(records: readonly StoredRecord[]): string[] {
  return records.map(({ record }) => record.workspace).filter((workspace) => existsSync(workspace))
}

async function forEach<T>(source: AsyncIterable<T>, act: (value: T) => Promise<void> | undefined): Promise<void> {
  for await (const value of source) await act(value)
}
