import type { AgentRef, BackendEvent, EventsQuery } from '../backend.ts'
import { isLive, locate, type MemoryClient } from './client.ts'
import type { AgentState, ServerState } from './state.ts'

/** Which agents of which registry to follow, and how closely. */
export interface EventsScope {
  readonly namespace: string
  readonly agents: readonly AgentRef[]
  readonly query: EventsQuery
}

/** Follows the server: each change of its state is compared with the one before. Returns once `signal` aborts. */
export async function* followEvents(
  client: MemoryClient,
  scope: EventsScope,
  signal: AbortSignal,
): AsyncGenerator<BackendEvent> {
  const bell = createBell()
  const unwatch = client.watch(bell.ring)
  signal.addEventListener('abort', bell.ring, { once: true })
  try {
    let before = await client.look(signal)
    yield { type: 'ready' }
    while (!signal.aborted) {
      await bell.rung()
      if (signal.aborted) return
      const now = await client.look(signal)
      for (const ref of scope.agents) yield* eventsOf(scope, ref, before, now)
      before = now
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    unwatch()
    signal.removeEventListener('abort', bell.ring)
  }
}

function createBell(): { ring(): void; rung(): Promise<void> } {
  let pending = false
  let listener: (() => void) | undefined
  return {
    ring() {
      pending = true
      listener?.()
    },
    async rung() {
      if (!pending) await new Promise<void>((resolve) => (listener = resolve))
      pending = false
    },
  }
}

function* eventsOf(scope: EventsScope, ref: AgentRef, before: ServerState, now: ServerState): Generator<BackendEvent> {
  const old = locate(before, scope.namespace, ref)
  const agent = locate(now, scope.namespace, ref)
  if (scope.query.content) yield* contentEvents(ref.id, old, agent)
  if (stateOf(before, old) !== stateOf(now, agent)) yield { type: 'changed', agent: ref.id }
}

function* contentEvents(
  id: string,
  old: AgentState | undefined,
  agent: AgentState | undefined,
): Generator<BackendEvent> {
  for (const [index, item] of (agent?.items ?? []).entries()) {
    const known = old?.items[index]
    if (JSON.stringify(known) === JSON.stringify(item)) continue
    const text = known?.text ?? ''
    if (known && item.text?.startsWith(text) && item.text !== text)
      yield { type: 'delta', agent: id, itemId: item.id, text: item.text.slice(text.length) }
    yield { type: 'item', agent: id, item }
  }
}

/** Everything that a state is derived from, to compare. */
function stateOf(state: ServerState, agent: AgentState | undefined): string {
  if (!agent) return ''
  const { begun, stopped, exit, turn, requests, received } = agent
  return JSON.stringify([isLive(state, agent), begun, stopped, exit, turn, requests, received.length])
}
