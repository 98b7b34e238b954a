import { join } from 'node:path'
import { DeadlineError, isOrchError, type JsonValue, recheck, withDeadline } from '@orch/core'
import { AWAY_MS, LOOK_MS, SILENCE_MS, streamEvents } from './client/events.ts'
import type { Server } from './client/server.ts'
import type { Context } from './context.ts'
import { createMark } from './mark.ts'
import { parseSession, type Session } from './parse.ts'
import { parsePart } from './parse-message.ts'
import { fields } from './raw.ts'

/** What is known of a session for good: parents never change. */
export type Kin = Pick<Session, 'id' | 'title' | 'parentId'>

/** Is told what a server says, in the order in which it came. */
export interface Listener {
  /** The sessions it is about: it hears of them and of their subagents, and what is of no session. */
  readonly sessions: ReadonlySet<string>
  /** Whatever happens from now on is heard. `isProven: false`: the first events of the stream may have been missed. */
  onStanding(server: Server, isProven: boolean): void
  /** All sessions that there are, once after `onStanding`. What comes between the two may be of any session. */
  onSessions(sessions: readonly Kin[]): void
  onEvent(event: unknown): void
  /** The server does not answer, and is looked for. */
  onAway(): void
  /** The stream ended, and is opened again. */
  onEnded(why: string): void
}

/** The event streams of this process: one per server, whatever the number of those who listen. */
export interface Streams {
  /**
   * Listens to the server behind a target until `signal` aborts. A server that goes away, or was never there, is waited
   * for; one that orch runs is found again on its new port.
   */
  listen(target: JsonValue, listener: Listener, signal: AbortSignal): Promise<void>
  /** Waits for a message with this tag in what the server says; `null` while this process hears nothing from it. */
  expect(target: JsonValue, tag: string): Arrival | null
}

/** A message that is waited for. */
export interface Arrival {
  /** Resolves when a session was heard to hold it, and when the stream ended. */
  readonly heard: Promise<void>
  /** Waits no longer. */
  forget(): void
}

/** What the streams work with. */
type Base = Omit<Context, 'streams'>

interface Stream {
  readonly listeners: Set<Listener>
  /** Who waits for the messages with these tags. */
  readonly awaited: Map<string, () => void>
  /** Whether events come. */
  stands: boolean
  /** How things stand, for one who comes later; `null` while that is not known. */
  greet: ((listener: Listener) => void) | null
  /** Resolves after `end()`. */
  over: Promise<void>
  end(): void
}

/** Opens a stream with the first who listens, and closes it with the last. */
export function createStreams(base: Base): Streams {
  const streams = new Map<string, Stream>()
  return {
    async listen(target, listener, signal) {
      const key = JSON.stringify(target)
      const stream = streams.get(key) ?? openStream(base, target)
      streams.set(key, stream)
      stream.listeners.add(listener)
      stream.greet?.(listener)
      try {
        await Promise.race([stream.over, aborted(signal)])
      } finally {
        stream.listeners.delete(listener)
        if (stream.listeners.size === 0) {
          if (streams.get(key) === stream) streams.delete(key)
          stream.end()
          await stream.over
        }
      }
    },
    expect(target, tag) {
      const stream = streams.get(JSON.stringify(target))
      if (stream === undefined || !stream.stands) return null
      const heard = new Promise<void>((resolve) => stream.awaited.set(tag, resolve))
      return { heard, forget: () => void stream.awaited.delete(tag) }
    },
  }
}

function openStream(base: Base, target: JsonValue): Stream {
  const controller = new AbortController()
  const { signal } = controller
  const stream: Stream = {
    listeners: new Set(),
    awaited: new Map(),
    stands: false,
    greet: null,
    over: Promise.resolve(),
    end: () => controller.abort(),
  }
  const attempt = async (): Promise<undefined> => {
    const server = await serverBehind(base, target, signal)
    if (server === null) return greetAll(stream, (listener) => listener.onAway())
    const why = await hear(base, server, stream, signal)
    base.connector.forget()
    stream.greet = null
    stream.stands = false
    for (const onHeard of stream.awaited.values()) onHeard()
    for (const listener of stream.listeners) listener.onEnded(why)
  }
  const run = recheck(attempt, { timeoutMs: Number.POSITIVE_INFINITY, everyMs: AWAY_MS, signal })
  stream.over = run.then(
    () => {},
    (error: unknown) => {
      if (!signal.aborted) throw error
    },
  )
  return stream
}

function greetAll(stream: Stream, greet: (listener: Listener) => void): undefined {
  stream.greet = greet
  for (const listener of stream.listeners) greet(listener)
}

/** Hands on what one connection says, until it ends. @returns why it did. */
async function hear(base: Base, server: Server, stream: Stream, signal: AbortSignal): Promise<string> {
  const api = base.api(server, signal)
  const mark = createMark(join(base.host.stateDirectory, base.host.name, 'mark'))
  const kin = new Map<string, Kin>()
  let isConnected = false
  const handle = async (event: unknown): Promise<void> => {
    if (isGreeting(event)) {
      if (isConnected) return
      isConnected = true
      const isProven = await mark.see(api, signal)
      stream.stands = true
      greetAll(stream, (listener) => listener.onStanding(server, isProven))
      for (const session of await api.sessions()) learn(kin, session)
      for (const listener of stream.listeners) listener.onSessions([...kin.values()])
      stream.greet = (listener) => {
        listener.onStanding(server, isProven)
        listener.onSessions([...kin.values()])
      }
    } else {
      handOn(stream, kin, event)
    }
  }
  let order = Promise.resolve()
  const onEvent = (event: unknown): void => {
    mark.check(event)
    order = order.then(() => handle(event)).catch((error: unknown) => void ignoreOrchError(error))
  }
  const why = await streamEvents(base.http, server, { onEvent, silenceMs: SILENCE_MS }, signal)
  await order
  return why
}

function learn(kin: Map<string, Kin>, { id, title, parentId }: Session): void {
  kin.set(id, { id, title, parentId })
}

/** A session, the one that started it as a subagent, and so on; `null` when one of them was never heard of. */
function lineOf(kin: ReadonlyMap<string, Kin>, sessionId: string): readonly string[] | null {
  const line: string[] = []
  for (let id: string | null = sessionId; id !== null && !line.includes(id); ) {
    const known = kin.get(id)
    if (known === undefined) return null
    line.push(id)
    id = known.parentId
  }
  return line
}

function handOn({ listeners, awaited }: Stream, kin: Map<string, Kin>, event: unknown): void {
  const { type, properties } = fields(fields(event).payload)
  const { sessionID, info, part } = fields(properties)
  const session = type === 'session.created' || type === 'session.updated' ? parseSession(info) : null
  if (session !== null) learn(kin, session)
  const line = typeof sessionID === 'string' ? lineOf(kin, sessionID) : null
  for (const listener of listeners) {
    if (line === null || line.some((id) => listener.sessions.has(id))) listener.onEvent(event)
  }
  const tag = type === 'message.part.updated' && awaited.size > 0 ? parsePart(part)?.tag : null
  if (typeof tag === 'string') awaited.get(tag)?.()
}

function isGreeting(event: unknown): boolean {
  return fields(fields(event).payload).type === 'server.connected'
}

/** The server if it answers; `null` while it is away, whatever the reason. */
async function serverBehind({ connector }: Base, target: JsonValue, signal: AbortSignal): Promise<Server | null> {
  try {
    const look = await withDeadline(LOOK_MS, signal, (limited) => connector.look(target, limited))
    return look.state === 'up' ? look.server : null
  } catch (error) {
    signal.throwIfAborted()
    return error instanceof DeadlineError ? null : ignoreOrchError(error)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** What a server can do wrong is met by trying again. */
export function ignoreOrchError(error: unknown): null {
  if (isOrchError(error) || (error as Error | null)?.name === 'AbortError') return null
  throw error
}
