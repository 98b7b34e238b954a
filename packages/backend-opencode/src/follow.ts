import type { AgentRef, BackendEvent, EventsQuery, JsonValue } from '@orch/core'
import { type Channel, createChannel } from './channel.ts'
import type { Server } from './client/server.ts'
import type { Context } from './context.ts'
import { parseHandle } from './handle.ts'
import type { StoredMessage } from './parse-message.ts'
import { ignoreOrchError, type Listener } from './streams.ts'
import { createTranslator, type Translator } from './translator.ts'

/**
 * Pushed events of any number of agents, over the one stream of each of their servers. A server that goes away, or was
 * never there, is waited for. Whenever a stream was interrupted there is a `gap`.
 */
export async function* follow(
  context: Context,
  agents: readonly AgentRef[],
  query: EventsQuery,
  signal: AbortSignal,
): AsyncIterable<BackendEvent> {
  const channel = createChannel<BackendEvent>()
  const ended = new AbortController()
  const end = (): void => {
    ended.abort()
    channel.end()
  }
  if (signal.aborted) return
  signal.addEventListener('abort', end, { once: true })
  const targets = groupByTarget(agents)
  let waiting = targets.size
  const onReady = (): void => {
    waiting -= 1
    if (waiting === 0) channel.push({ type: 'ready' })
  }
  if (waiting === 0) channel.push({ type: 'ready' })
  const following = [...targets].map(([target, refs]) => {
    const listener = listenerOf({ context, refs, query, channel, onReady }, ended.signal)
    return context.streams.listen(JSON.parse(target) as JsonValue, listener, ended.signal).catch(channel.fail)
  })
  try {
    yield* channel
  } finally {
    end()
    signal.removeEventListener('abort', end)
    await Promise.all(following)
  }
}

interface Following {
  readonly context: Context
  readonly refs: readonly AgentRef[]
  readonly query: EventsQuery
  readonly channel: Channel<BackendEvent>
  /** Called once, when the stream stands for the first time, or the server turned out to be away or to give none. */
  readonly onReady: () => void
}

/** Translates what one server says for some of its agents, one thing after the other. */
function listenerOf(following: Following, signal: AbortSignal): Listener {
  const { channel, onReady } = following
  const current: { server: Server | null } = { server: null }
  const translator = translatorOf(following, current, signal)
  let isReady = false
  const beReady = (): void => {
    if (!isReady) onReady()
    isReady = true
  }
  let order = Promise.resolve()
  const next = (work: () => Promise<void> | void): void => {
    order = order
      .then(work)
      .catch(ignoreOrchError)
      .then(() => {}, channel.fail)
  }
  return {
    sessions: new Set(following.refs.flatMap(({ handle }) => parseHandle(handle)?.sessionId ?? [])),
    onStanding(server, isProven) {
      next(() => {
        current.server = server
        if (isReady) channel.push(gap('RECONNECTED', 'The event stream stands again'))
        beReady()
        if (!isProven) channel.push(gap('UNPROVEN', 'The event stream stands; its first events may have been missed'))
      })
    },
    onSessions: (sessions) => next(() => translator.reset(sessions)),
    onEvent: (event) => next(async () => channel.push(...(await translator.translate(event)))),
    onAway: beReady,
    onEnded(why) {
      next(() => {
        if (isReady) channel.push(gap('DISCONNECTED', `The event stream ended: ${why}`))
        beReady()
      })
    },
  }
}

function translatorOf(
  { context, refs, query }: Following,
  current: { readonly server: Server | null },
  signal: AbortSignal,
): Translator {
  const handles = refs.flatMap((ref) => {
    const handle = parseHandle(ref.handle)
    return handle === null ? [] : [{ id: ref.id, handle }]
  })
  return createTranslator({
    agents: new Map(handles.map(({ id, handle }) => [handle.sessionId, id])),
    directories: new Set(handles.map(({ handle }) => handle.directory)),
    ...query,
    async lookUp({ agent, sessionId }, messageId): Promise<StoredMessage | null> {
      const directory = handles.find(({ id }) => id === agent)?.handle.directory
      if (directory === undefined || current.server === null) return null
      return context.api(current.server, signal).message({ sessionId, directory }, messageId)
    },
  })
}

function groupByTarget(agents: readonly AgentRef[]): Map<string, AgentRef[]> {
  const groups = new Map<string, AgentRef[]>()
  for (const agent of agents) {
    const key = JSON.stringify(agent.target)
    groups.set(key, [...(groups.get(key) ?? []), agent])
  }
  return groups
}

function gap(code: string, text: string): BackendEvent {
  return { type: 'gap', agent: null, reason: { code, text } }
}
