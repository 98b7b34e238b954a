import { eventually } from '../../harness/eventually.ts'
import type { RawServer } from './raw-server.ts'

/** What a bare subscriber sees of one turn. */
export interface TurnWatch {
  /** When the session was idle and its final message there, the later of both, by the server's clock; as `performance.now()`. */
  ended(): Promise<number>
  close(): void
}

interface Payload {
  readonly id: string
  readonly type: string
  readonly properties: {
    readonly sessionID?: string
    readonly directory?: string
    readonly info?: {
      readonly sessionID: string
      readonly role: string
      readonly time: { readonly completed?: number }
    }
  }
}

/**
 * Subscribes to the server's own events. The server greets a stream before it listens for it, so this resolves only when
 * an event has come through: that the instance of `unused`, a directory where nobody works, was closed.
 */
export async function watchTurn(server: RawServer, session: string, unused: string): Promise<TurnWatch> {
  const abort = new AbortController()
  const { url, authorization } = server
  const { body } = await fetch(`${url}/global/event`, { headers: { authorization }, signal: abort.signal })
  const seen = { mark: false, idle: 0, answer: 0 }
  const note = ({ id, type, properties }: Payload): void => {
    if (type === 'server.instance.disposed' && properties.directory === unused) seen.mark = true
    if (type === 'session.idle' && properties.sessionID === session) seen.idle ||= madeAt(id)
    const info = type === 'message.updated' ? properties.info : undefined
    if (info?.sessionID === session && info.role === 'assistant' && info.time.completed !== undefined)
      seen.answer ||= madeAt(id)
  }
  readEvents(body as ReadableStream<Uint8Array>, note).catch(() => {})
  const isListening = async (): Promise<boolean> => {
    if (!seen.mark) await server.post('/instance/dispose', unused, {})
    return seen.mark
  }
  await eventually(isListening, { what: 'the event of a closed instance' })
  return {
    ended: () =>
      eventually(() => seen.idle && seen.answer && Math.max(seen.idle, seen.answer), {
        timeoutMs: 30_000,
        what: 'the end of the turn',
      }),
    close: () => abort.abort(),
  }
}

/** An event's id begins with the time it was made: 36 bits of milliseconds, then a counter of 12 bits. */
function madeAt(id: string): number {
  const range = 2 ** 36
  const made = Number.parseInt(id.slice('evt_'.length, 'evt_'.length + 9), 16)
  const ageMs = (((Date.now() - made) % range) + range) % range
  if (ageMs < 10_000) return performance.now() - ageMs
  throw new Error(`Cannot tell when event "${id}" was made: it would be ${ageMs} ms old`)
}

async function readEvents(body: ReadableStream<Uint8Array>, note: (payload: Payload) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { payload } = line.startsWith('data:') ? (JSON.parse(line.slice(5)) as { readonly payload?: Payload }) : {}
      if (payload !== undefined) note(payload)
    }
  }
}
