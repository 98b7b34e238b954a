import { join } from 'node:path'
import { type AgentRef, type BackendEvent, type EventsQuery, isOrchError, type JsonValue, recheck } from '@orch/core'
import { type Channel, createChannel } from './channel.ts'
import { SILENCE_MS, streamEvents } from './client/events.ts'
import type { Server } from './client/server.ts'
import type { Context } from './context.ts'
import { parseHandle } from './handle.ts'
import { createMark } from './mark.ts'
import { fields, type StoredMessage } from './parse.ts'
import { createTranslator, type Translator } from './translator.ts'

/** A server that is away is looked for so often, in milliseconds. */
const AWAY_MS = 1_000

/**
 * Pushed events of any number of agents: one stream per server. A server that goes away, or was never there, is waited for;
 * one that orch runs is found again on its new port. Whenever a stream was interrupted there is a `gap`.
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
  const following = [...targets].map(([target, refs]) =>
    followTarget({ context, refs, query, channel, onReady }, JSON.parse(target) as JsonValue, ended.signal).catch(
      channel.fail,
    ),
  )
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
  /** Called once, when the first stream stands or the server turned out to be away. */
  readonly onReady: () => void
}

/** Resolves when `signal` aborts. */
async function followTarget(following: Following, target: JsonValue, signal: AbortSignal): Promise<void> {
  const { context, channel } = following
  const current: { server: Server | null } = { server: null }
  const translator = translatorOf(following, current, signal)
  let isReady = false
  const onConnected = (): void => {
    if (isReady) channel.push(gap('RECONNECTED', 'The event stream stands again'))
    else following.onReady()
    isReady = true
  }
  const attempt = async (): Promise<undefined> => {
    current.server = await serverBehind(context, target, signal)
    if (current.server === null) {
      if (!isReady) following.onReady()
      isReady = true
      return
    }
    const why = await stream(context, current.server, { translator, channel, onConnected }, signal)
    context.connector.forget()
    if (!signal.aborted && isReady) channel.push(gap('DISCONNECTED', `The event stream ended: ${why}`))
  }
  await recheck(attempt, { timeoutMs: Number.POSITIVE_INFINITY, everyMs: AWAY_MS, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

async function stream(
  context: Context,
  server: Server,
  { translator, channel, onConnected }: { translator: Translator; channel: Channel<BackendEvent>; onConnected(): void },
  signal: AbortSignal,
): Promise<string> {
  const api = context.api(server, signal)
  const mark = createMark(join(context.host.stateDirectory, context.host.name, 'mark'))
  const handle = async (event: unknown): Promise<void> => {
    if (!isConnected(event)) return channel.push(...(await translator.translate(event)))
    const isProven = await mark.see(api, signal)
    onConnected()
    if (!isProven) channel.push(gap('UNPROVEN', 'The event stream stands; its first events may have been missed'))
    translator.reset(await api.sessions())
  }
  let order = Promise.resolve()
  const onEvent = (event: unknown): void => {
    mark.check(event)
    order = order.then(() => handle(event)).catch((error: unknown) => void ignoreOrchError(error))
  }
  const why = await streamEvents(context.http, server, { onEvent, silenceMs: SILENCE_MS }, signal)
  await order
  return why
}

function isConnected(event: unknown): boolean {
  return fields(fields(event).payload).type === 'server.connected'
}

/** The server if it answers; `null` while it is away, whatever the reason. */
async function serverBehind({ connector }: Context, target: JsonValue, signal: AbortSignal): Promise<Server | null> {
  try {
    const look = await connector.look(target, signal)
    return look.state === 'up' ? look.server : null
  } catch (error) {
    signal.throwIfAborted()
    return ignoreOrchError(error)
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

function ignoreOrchError(error: unknown): null {
  if (isOrchError(error) || (error as Error | null)?.name === 'AbortError') return null
  throw error
}
