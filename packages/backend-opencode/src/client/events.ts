import { Readable } from 'node:stream'
import { watchdog } from '@orch/core'
import type { Http } from './http.ts'
import type { Place } from './place.ts'

/** The server sends a heartbeat every 10 s; a stream silent for longer than this is dead, in milliseconds. */
export const SILENCE_MS = 25_000

/** A server that went away is looked for so often, in milliseconds. */
export const AWAY_MS = 1_000

/** A server on its way up takes requests that it never answers: it is asked again after this, in milliseconds. */
export const LOOK_MS = 5_000

/**
 * Follows everything that happens on a server, in all directories. Source: `GET /global/event`, no ids and no replay.
 * @param onEvent gets each parsed event, the first being `server.connected`.
 * @returns why the stream ended; it also ends with `signal`.
 */
export async function streamEvents(
  http: Http,
  place: Place,
  { onEvent, silenceMs }: { readonly onEvent: (event: unknown) => void; readonly silenceMs: number },
  signal: AbortSignal,
): Promise<string> {
  const { EventSource } = await import('eventsource')
  return new Promise((resolve) => {
    const source = new EventSource(`${place.url}/global/event`, {
      fetch: async (url, { signal: closed }) => {
        const message = await http.open(place, '/global/event', closed as AbortSignal)
        return {
          status: message.statusCode ?? 0,
          url: String(url),
          redirected: false,
          headers: { get: (name: string) => message.headers[name.toLowerCase()]?.toString() ?? null },
          body: Readable.toWeb(message) as unknown as ReadableStream<Uint8Array>,
        }
      },
    })
    const finish = (why: string): void => {
      silence.stop()
      signal.removeEventListener('abort', onAbort)
      source.close()
      resolve(why)
    }
    const onAbort = (): void => finish('it was closed')
    const silence = watchdog(silenceMs, () => finish(`nothing came for ${silenceMs} ms`))
    source.onmessage = ({ data }) => {
      silence.feed()
      const event = parse(data)
      if (event !== undefined) onEvent(event)
    }
    // It starts the timer of its next try after this call: closed within it, it would keep the process alive.
    source.onerror = ({ message }) => queueMicrotask(() => finish(message ?? 'the server closed the stream'))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data)) as unknown
  } catch {
    return undefined
  }
}
