import type { AgentRef, Backend, BackendEvent, EventsQuery } from '../backend.ts'
import type { CaseContext } from './case.ts'
import { ContractFailure } from './check.ts'

/** A subscription that collects what it is told. */
export interface Follower {
  readonly events: readonly BackendEvent[]
  /** Waits for an event that came at or after position `from`. */
  seen(what: string, from: number, matches: (event: BackendEvent) => boolean): Promise<BackendEvent>
  /** Acts, and then looks after each event that tells of the agent, as a waiter does, until the look is satisfied. */
  until(wanted: Wanted): Promise<void>
  /** Aborts the subscription and waits until it has returned. */
  end(): Promise<void>
}

interface Wanted {
  readonly what: string
  readonly agent: AgentRef
  act(): Promise<unknown>
  look(): Promise<boolean>
}

/** Subscribes and waits for `ready`. */
export async function follow(
  t: CaseContext,
  agents: readonly AgentRef[],
  query: EventsQuery = { content: false, raw: false },
  backend: Backend = t.backend,
): Promise<Follower> {
  const controller = new AbortController()
  const events: BackendEvent[] = []
  let over: 'no' | 'yes' | { readonly error: unknown } = 'no'
  const hasEnded = (): boolean => over !== 'no'
  const collect = async (): Promise<void> => {
    try {
      for await (const event of backend.events(agents, query, controller.signal)) events.push(event)
      over = 'yes'
    } catch (error) {
      over = { error }
    }
  }
  const collected = collect()
  t.signal.addEventListener('abort', () => controller.abort(t.signal.reason), { once: true })
  const follower: Follower = {
    events,
    seen: (what, from, matches) =>
      t.eventually(`an event tells that ${what}`, async () => {
        const event = events.slice(from).find(matches)
        if (!event && hasEnded()) throw new ContractFailure(`events() ended before it told that ${what}`)
        return event
      }),
    async until({ what, agent, act, look }) {
      let from = events.length
      await act()
      do {
        const event = await follower.seen(what, from, tellsOf(agent))
        from = events.indexOf(event) + 1
      } while (!(await look()))
    },
    async end() {
      controller.abort(new Error('the subscriber left'))
      await t.eventually('events() returns after its signal aborted', async () => hasEnded() || undefined)
      await collected
      if (typeof over === 'object') throw new ContractFailure(`events() returns when aborted, and threw: ${over.error}`)
    },
  }
  await follower.seen('it is ready', 0, (event) => event.type === 'ready')
  return follower
}

/** Whether the event says that something about this agent may be different. */
export function tellsOf(agent: AgentRef): (event: BackendEvent) => boolean {
  return (event) =>
    (event.type === 'changed' && event.agent === agent.id) ||
    (event.type === 'gap' && (event.agent === agent.id || event.agent === null))
}
