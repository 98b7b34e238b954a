import { once } from 'node:events'
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A request that went through the proxy. */
export interface ProxiedRequest {
  method: string
  /** Without the query. */
  path: string
  query: Record<string, string>
  headers: IncomingMessage['headers']
}

/**
 * What becomes of a request: `pass` it on, answer `nothing` and keep the connection open, `reset` the connection,
 * answer this instead of the target (`status` 200 and `type` text/plain when not given), hand it on and `spoil` the
 * target's answer, or take it whole and hand it on `late`, whether or not the client is still there.
 */
export type Treatment =
  | 'pass'
  | 'nothing'
  | 'reset'
  | { status?: number; type?: string; body?: string }
  | { spoil: Spoil; status?: number; type?: string }
  | { late: Promise<unknown> }

/**
 * Makes another body of the target's: what it yields goes out as it comes, its end ends the answer, and an error breaks
 * the connection. The head of the answer goes out with the first of it.
 */
export type Spoil = (body: AsyncIterable<Buffer>) => AsyncIterable<string | Buffer>

/** A proxy that counts. */
export interface CountingProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, to be used instead of the target's URL. */
  url: string
  /** Everything since the start or the last `forget()`, oldest first. */
  requests: readonly ProxiedRequest[]
  /** How often each `METHOD /path` was requested. */
  counts(): Record<string, number>
  /** The `METHOD /path` of each request that is not answered to its end. */
  underWay(): string[]
  /** Empties `requests`. */
  forget(): void
  /** From now on `treat` decides on each request; without it everything passes. */
  intercept(treat?: (request: ProxiedRequest) => Treatment): void
  /** Breaks every open connection, streams too. New ones are accepted. */
  cut(): void
  close(): Promise<void>
}

/** Starts a proxy on loopback that hands every request to `target` and streams the answer through as it comes. */
export async function startProxy({ target }: { target: string }): Promise<CountingProxy> {
  const requests: ProxiedRequest[] = []
  const open = new Set<ProxiedRequest>()
  let treat: (request: ProxiedRequest) => Treatment = () => 'pass'
  const server = createServer((incoming, response) => {
    const seen = readRequest(incoming)
    requests.push(seen)
    open.add(seen)
    response.on('close', () => open.delete(seen))
    const treatment = treat(seen)
    if (treatment === 'pass') forward(target, incoming, response)
    else if (treatment === 'reset') incoming.socket.destroy()
    else if (treatment !== 'nothing') treatDifferently(treatment, target, { incoming, response })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    counts: () => countByRoute(requests),
    underWay: () => [...open].map(routeOf),
    forget() {
      requests.length = 0
    },
    intercept(next = () => 'pass') {
      treat = next
    },
    cut: () => server.closeAllConnections(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function readRequest({ method = 'GET', url = '/', headers }: IncomingMessage): ProxiedRequest {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  return { method, path: pathname, query: Object.fromEntries(searchParams), headers }
}

interface Exchange {
  incoming: IncomingMessage
  response: ServerResponse
}

function treatDifferently(treatment: Exclude<Treatment, string>, target: string, exchange: Exchange): void {
  const { incoming, response } = exchange
  if ('late' in treatment) {
    handOnLate(treatment.late, target, exchange).catch(() => response.destroy())
  } else if ('spoil' in treatment) {
    const outgoing = ask(target, incoming, (answer) => {
      const { 'content-length': _whole, ...headers } = answer.headers
      const type = treatment.type === undefined ? {} : { 'content-type': treatment.type }
      const head = [treatment.status ?? answer.statusCode ?? 502, { ...headers, ...type }] as const
      sendBody(treatment.spoil(answer), head, response).catch(() => response.destroy())
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  } else {
    const { status = 200, type = 'text/plain', body = '' } = treatment
    response.writeHead(status, { 'content-type': type }).end(body)
  }
}

async function sendBody(
  body: AsyncIterable<string | Buffer>,
  [status, headers]: readonly [number, OutgoingHttpHeaders],
  response: ServerResponse,
): Promise<void> {
  for await (const piece of body) {
    if (!response.headersSent) response.writeHead(status, headers)
    await new Promise((resolve) => response.write(piece, resolve))
  }
  if (!response.headersSent) response.writeHead(status, headers)
  response.end()
}

async function handOnLate(late: Promise<unknown>, target: string, { incoming, response }: Exchange): Promise<void> {
  const body = await buffer(incoming)
  await late
  const outgoing = ask(target, incoming, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  outgoing.end(body)
}

function ask(
  target: string,
  { method, url: path, headers }: IncomingMessage,
  onAnswer: (answer: IncomingMessage) => void,
): ClientRequest {
  const { hostname, port } = new URL(target)
  return request({ hostname, port, method, path, headers, agent: false }, onAnswer)
}

function forward(target: string, incoming: IncomingMessage, response: ServerResponse): void {
  const outgoing = ask(target, incoming, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    response.flushHeaders()
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  outgoing.on('error', () => response.destroy())
  response.on('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}

function countByRoute(requests: ProxiedRequest[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const route of requests.map(routeOf)) counts[route] = (counts[route] ?? 0) + 1
  return counts
}

function routeOf({ method, path }: ProxiedRequest): string {
  return `${method} ${path}`
}
