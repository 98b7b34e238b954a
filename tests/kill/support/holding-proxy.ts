import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A request as the proxy got it. */
export interface GottenRequest {
  method: string
  /** Without the query. */
  path: string
  body: string
}

/** A proxy that takes requests whole and hands them on even when whoever sent them is gone. */
export interface HoldingProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, to be used instead of the target's URL. */
  url: string
  /** Holds the first request that `matches` until what is returned was called, which resolves when it was answered. */
  hold(matches: (request: GottenRequest) => boolean): () => Promise<void>
}

interface Rule {
  matches: (request: GottenRequest) => boolean
  released: Promise<void>
  answered: Promise<void>
}

/** A request whose body was read. */
interface Whole {
  incoming: IncomingMessage
  body: Buffer
}

/** Starts one on loopback. */
export async function startHoldingProxy(target: string): Promise<HoldingProxy> {
  const rules = new Set<Rule>()
  const server = createServer((incoming, response) => {
    handle(target, rules, { incoming, response }).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold(matches) {
      let release = (): void => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const rule: Rule = { matches, released, answered: Promise.resolve() }
      rules.add(rule)
      return async () => {
        rules.delete(rule)
        release()
        await rule.answered
      }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function handle(
  target: string,
  rules: Set<Rule>,
  { incoming, response }: { incoming: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const body = await buffer(incoming)
  const { method = 'GET', url = '/' } = incoming
  const gotten = { method, path: new URL(url, target).pathname, body: body.toString() }
  const rule = [...rules].find(({ matches }) => matches(gotten))
  if (rule === undefined) return forward(target, { incoming, body }, response)
  rules.delete(rule)
  rule.answered = rule.released.then(() => forward(target, { incoming, body }, response))
  return rule.answered
}

async function forward(target: string, { incoming, body }: Whole, response: ServerResponse): Promise<void> {
  const { hostname, port } = new URL(target)
  const { method, url: path, headers } = incoming
  const outgoing = request({ hostname, port, method, path, headers, agent: false })
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  response.writeHead(answer.statusCode ?? 502, answer.headers)
  response.flushHeaders()
  for await (const chunk of answer) response.write(chunk)
  response.end()
}
