import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that went through the proxy. */
export interface ProxiedRequest {
  method: string
  /** Without the query. */
  path: string
  query: Record<string, string>
  headers: IncomingMessage['headers']
}

/**
 * What becomes of a request: `pass` it on, answer `nothing` and keep the connection open, `reset` the connection, or
 * answer this instead of the target (`status` 200 and `type` text/plain when not given).
 */
export type Treatment = 'pass' | 'nothing' | 'reset' | { status?: number; type?: string; body?: string }

/** A proxy that counts. */
export interface CountingProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, to be used instead of the target's URL. */
  url: string
  /** Everything since the start or the last `forget()`, oldest first. */
  requests: readonly ProxiedRequest[]
  /** How often each `METHOD /path` was requested. */
  counts(): Record<string, number>
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
  let treat: (request: ProxiedRequest) => Treatment = () => 'pass'
  const server = createServer((incoming, response) => {
    const seen = readRequest(incoming)
    requests.push(seen)
    const treatment = treat(seen)
    if (treatment === 'pass') forward(target, incoming, response)
    else if (treatment === 'reset') incoming.socket.destroy()
    else if (treatment !== 'nothing') {
      const { status = 200, type = 'text/plain', body = '' } = treatment
      response.writeHead(status, { 'content-type': type }).end(body)
    }
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

function forward(target: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(target)
  const { method, url: path, headers } = incoming
  const outgoing = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
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
  for (const { method, path } of requests) {
    const route = `${method} ${path}`
    counts[route] = (counts[route] ?? 0) + 1
  }
  return counts
}
