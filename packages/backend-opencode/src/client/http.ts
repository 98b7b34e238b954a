import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { createSharing, type JsonValue, withDeadline } from '@orch/core'
import { answerError, isNamedError, transportError } from './http-errors.ts'
import { authorization, type Place } from './place.ts'

/** One request to a server. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Starts with a slash. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** The directory that the request is about; the server picks its instance by it. */
  readonly directory?: string | undefined
  readonly body?: JsonValue
  /** The answer decides whether this is an OpenCode server at all. */
  readonly identifies?: boolean
  /** Instead of the client's own, in milliseconds. */
  readonly timeoutMs?: number | undefined
}

/** A 2xx answer, or a 404 that the server itself explains. */
export interface HttpAnswer {
  readonly status: number
  /** The parsed body; `null` for an empty 204. */
  readonly value: unknown
  readonly headers: IncomingHttpHeaders
}

/** Speaks HTTP with any number of servers. */
export interface Http {
  /**
   * Sends one request and reads its whole answer. Those who ask the same at the same time share one GET: fifty agents
   * that are looked at in one process are no fifty lists of sessions.
   * @throws OrchError `BACKEND_UNREACHABLE`, `TIMEOUT`, `UNAUTHORIZED`, `BACKEND_ERROR`, `BAD_ANSWER`
   */
  ask(place: Place, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
  /** Opens a stream: resolves when the headers are there, whatever they say; `signal` ends it. */
  open(place: Place, path: string, signal: AbortSignal): Promise<IncomingMessage>
  /** Closes idle connections. */
  close(): void
}

/** A client whose every request has `timeoutMs` milliseconds, unless the request says otherwise. */
export function createHttp(timeoutMs: number): Http {
  const agents = new Map<string, Agent>()
  const sharing = createSharing<RawAnswer>()
  return {
    async ask(place, request, signal) {
      const send = (limited: AbortSignal): Promise<RawAnswer> => exchange(agents, { place, request }, limited)
      const work = (limited: AbortSignal): Promise<RawAnswer> =>
        request.method === 'GET'
          ? sharing.ask(JSON.stringify([place.url, authorization(place), request]), limited, send)
          : send(limited)
      const limitMs = request.timeoutMs ?? timeoutMs
      const answer = await withDeadline(limitMs, signal, work).catch((error: unknown) => {
        throw transportError(place, request, { error, signal, timeoutMs: limitMs })
      })
      return checkAnswer(place, request, answer)
    },
    open(place, path, signal) {
      const request: HttpRequest = { method: 'GET', path }
      const givenUp = new AbortController()
      const either = AbortSignal.any([signal, givenUp.signal])
      return withDeadline(timeoutMs, signal, () => send({ place, request }, undefined, either)).catch(
        (error: unknown) => {
          givenUp.abort()
          throw transportError(place, request, { error, signal, timeoutMs })
        },
      )
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed body; `undefined` when it is no JSON. */
  readonly value: unknown
}

interface Call {
  readonly place: Place
  readonly request: HttpRequest
}

async function exchange(agents: Map<string, Agent>, call: Call, signal: AbortSignal): Promise<RawAnswer> {
  const fresh = (): Promise<RawAnswer> => read(send(call, undefined, signal))
  if (call.request.method !== 'GET') return fresh()
  return read(send(call, keptAgent(agents, call.place), signal)).catch((error: { reused?: boolean } | null) => {
    if (error?.reused === true) return fresh()
    throw error
  })
}

/** Only questions go over kept connections: asking them again after a stale one is harmless. */
function keptAgent(agents: Map<string, Agent>, { url }: Place): Agent | undefined {
  if (url.startsWith('https:')) return undefined
  const agent = agents.get(url) ?? new Agent({ keepAlive: true, maxSockets: 16 })
  agents.set(url, agent)
  return agent
}

async function send({ place, request }: Call, agent: Agent | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(`${place.url}${request.path}`)
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value)
  const body = request.body === undefined ? null : Buffer.from(JSON.stringify(request.body))
  const headers = {
    ...place.headers,
    ...authorization(place),
    ...(request.directory !== undefined && { 'x-opencode-directory': encodeURIComponent(request.directory) }),
    ...(body !== null && { 'content-type': 'application/json', 'content-length': String(body.length) }),
  }
  const start = url.protocol === 'https:' ? (await import('node:https')).request : httpRequest
  return new Promise((resolve, reject) => {
    const outgoing = start(url, { method: request.method, headers, agent: agent ?? false, signal })
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => reject(Object.assign(error, { reused: outgoing.reusedSocket })))
    outgoing.end(body ?? undefined)
  })
}

async function read(incoming: Promise<IncomingMessage>): Promise<RawAnswer> {
  const message = await incoming
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const { statusCode: status = 0, headers } = message
  return { status, headers, text, value: parseJson(headers['content-type'] ?? '', text) }
}

function checkAnswer(place: Place, request: HttpRequest, { status, headers, text, value }: RawAnswer): HttpAnswer {
  const type = headers['content-type'] ?? ''
  const isSuccess = status >= 200 && status < 300
  if (status === 204) return { status, value: null, headers }
  if (value !== undefined && (isSuccess || (status === 404 && isNamedError(value)))) {
    return { status, value, headers }
  }
  throw answerError(place, request, { status, type, text, value })
}

function parseJson(type: string, text: string): unknown {
  if (!/\bjson\b/.test(type)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
