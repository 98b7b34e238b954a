import type { AgentRef, Backend, BackendEvent, EventsQuery } from '../../../src/backend.ts'
import { type Mutant, remembering } from './mutant.ts'

/** The backend with its stream of events replaced by what `change` makes of it. */
function withEvents(
  backend: Backend,
  change: (events: AsyncIterable<BackendEvent>) => AsyncIterable<BackendEvent>,
): Backend {
  return { ...backend, events: (agents, query, signal) => change(backend.events(agents, query, signal)) }
}

async function* only(
  events: AsyncIterable<BackendEvent>,
  keep: (event: BackendEvent) => boolean,
): AsyncIterable<BackendEvent> {
  for await (const event of events) if (keep(event)) yield event
}

async function* doubledDeltas(events: AsyncIterable<BackendEvent>): AsyncIterable<BackendEvent> {
  for await (const event of events) {
    yield event
    if (event.type === 'item' && event.item.text !== null)
      yield { type: 'delta', agent: event.agent, itemId: event.item.id, text: event.item.text }
  }
}

async function* gapFirst(events: AsyncIterable<BackendEvent>): AsyncIterable<BackendEvent> {
  yield { type: 'gap', agent: null, reason: { code: 'START', text: 'The stream begins' } }
  yield* events
}

async function* readyTwice(events: AsyncIterable<BackendEvent>): AsyncIterable<BackendEvent> {
  yield { type: 'ready' }
  yield* events
}

export const eventMutants: readonly Mutant[] = [
  {
    name: 'something comes before ready',
    fails: { 'events-are-ready-first': 'the first event is "ready"' },
    break: (backend) => withEvents(backend, gapFirst),
  },
  {
    name: 'ready comes twice',
    fails: { 'events-are-ready-first': '"ready" comes once' },
    break: (backend) => withEvents(backend, readyTwice),
  },
  {
    name: 'changes are not told',
    fails: {
      'events-tell-of-the-end-of-a-turn': 'an event tells that the turn ended',
      'events-tell-of-an-exit': 'an event tells that the program ended',
      'events-tell-of-a-request': 'an event tells that a request is open',
      'events-tell-of-the-death-of-the-server': 'an event tells that the server died',
      'events-serve-two-subscribers': 'an event tells that the agent was stopped',
    },
    break: (backend) => withEvents(backend, (events) => only(events, ({ type }) => type !== 'changed')),
  },
  {
    name: 'content is not told',
    fails: {
      'events-carry-content-when-asked': 'the events carry the answer',
      'events-add-up-to-the-transcript': 'the events add up to the items that read() returns',
    },
    break: (backend) =>
      withEvents(backend, (events) => only(events, ({ type }) => type !== 'item' && type !== 'delta')),
  },
  {
    name: 'text is told whole and again in pieces',
    fails: { 'events-add-up-to-the-transcript': 'the events add up to the items that read() returns' },
    break: (backend) => withEvents(backend, doubledDeltas),
  },
  {
    name: 'content is told unasked',
    fails: { 'events-carry-no-content-unasked': 'without "content" no item and no delta is sent' },
    break: (backend) => ({
      ...backend,
      events: (agents, query, signal) => backend.events(agents, { ...query, content: true }, signal),
    }),
  },
  {
    name: 'everything of every agent is told',
    fails: { 'events-are-only-about-the-agents-asked-for': 'no event is about an agent that was not asked for' },
    break(backend) {
      const { backend: inner, made } = remembering(backend)
      return { ...inner, events: (_agents, query, signal) => inner.events(made, query, signal) }
    },
  },
  {
    name: 'the second subscriber hears nothing',
    fails: { 'events-serve-two-subscribers': 'an event tells that the agent was stopped' },
    break(backend) {
      let subscribers = 0
      return withEvents(backend, (events) =>
        ++subscribers === 1 ? events : only(events, ({ type }) => type === 'ready'),
      )
    },
  },
  {
    name: 'the end of one subscription ends the others',
    fails: { 'events-outlive-another-subscriber': 'events() ended before it told that the agent was stopped' },
    break(backend) {
      const shared = new AbortController()
      const events = (agents: readonly AgentRef[], query: EventsQuery, signal: AbortSignal) => {
        signal.addEventListener('abort', () => shared.abort(), { once: true })
        return backend.events(agents, query, shared.signal)
      }
      return { ...backend, events }
    },
  },
  {
    name: 'a subscription ignores its signal',
    fails: { 'events-end-when-aborted': 'events() returns after its signal aborted' },
    break: (backend) => ({
      ...backend,
      events: (agents, query) => backend.events(agents, query, new AbortController().signal),
    }),
  },
]
