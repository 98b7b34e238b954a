import { once } from 'node:events'
import { createServer } from 'node:http'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AgentRef, Backend, BackendEvent } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile, perTest } from '../../../tests/harness/scope.ts'
import { type CountingProxy, startProxy } from '../../../tests/harness/start-proxy.ts'
import { streamEvents } from '../src/client/events.ts'
import { createHttp } from '../src/client/http.ts'
import { opencode } from '../src/index.ts'
import { createAgent, startAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const own = perTest()
const { signal } = new AbortController()
let site: Site
beforeAll(async () => {
  site = await openSite(scope, { bash: 'ask' })
})

/** Everything a subscription said so far; it ends with the test, if not before. */
function subscribe(backend: Backend, agents: readonly AgentRef[], content = false) {
  const controller = new AbortController()
  const events: BackendEvent[] = []
  const following = (async () => {
    for await (const event of backend.events(agents, { content, raw: false }, controller.signal)) events.push(event)
  })()
  const end = async (): Promise<void> => {
    controller.abort()
    await following
  }
  own.defer(end)
  return { events, end }
}

const collect = (...subscription: Parameters<typeof subscribe>): BackendEvent[] => subscribe(...subscription).events

const ready = (events: readonly BackendEvent[]): Promise<unknown> =>
  eventually(() => events[0]?.type === 'ready', { what: 'ready' })
const gaps = (events: readonly BackendEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'gap' ? [event.reason.code] : []))

/** A backend whose requests are counted. */
async function openCounted(): Promise<{ backend: Backend; proxy: CountingProxy }> {
  await site.open().server?.start(signal)
  const proxy = await own.use(startProxy({ target: site.record().url }))
  const { stateDirectory, environment } = site
  const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
  return { backend: opencode({ server: proxy.url, password: site.record().password })(host), proxy }
}

describe('events()', () => {
  it('after a broken connection says so, connects again and goes on', async () => {
    const { backend, proxy } = await openCounted()
    const agent = await createAgent(backend, site.request({ target: backend.target }))
    const events = collect(backend, [agent.ref()])
    await ready(events)
    expect(events).toEqual([{ type: 'ready' }])
    proxy.cut()
    await eventually(() => gaps(events).length === 2)
    expect(gaps(events)).toEqual(['DISCONNECTED', 'RECONNECTED'])
    await agent.send('[[answer: heard]]')
    await eventually(() => events.some((event) => event.type === 'changed' && event.agent === agent.ref().id))
    expect(proxy.counts()['GET /global/event']).toBe(2)
  })

  it('connects again soon to a server that, on its way up, never answers what it is asked first', async () => {
    const { backend, proxy } = await openCounted()
    const agent = await createAgent(backend, site.request({ target: backend.target }))
    const events = collect(backend, [agent.ref()])
    await ready(events)
    proxy.forget()
    const asked = (): number => proxy.counts()['GET /global/health'] ?? 0
    proxy.intercept(({ path }) => (path === '/global/health' && asked() === 1 ? 'nothing' : 'pass'))
    proxy.cut()
    await eventually(() => gaps(events).includes('RECONNECTED'), { timeoutMs: 15_000 })
    expect(asked()).toBe(2)
  })

  it('of several subscriptions opens one stream, from the first to the last of them', async () => {
    const { backend, proxy } = await openCounted()
    const [one, other] = await Promise.all(
      [0, 1].map(() => createAgent(backend, site.request({ target: backend.target }))),
    )
    if (one === undefined || other === undefined) throw new TypeError('Two agents were asked for')
    proxy.forget()
    const first = subscribe(backend, [one.ref()])
    await ready(first.events)
    const later = subscribe(backend, [other.ref()])
    await ready(later.events)
    // A question that is cut off is asked again.
    await eventually(() => proxy.counts()['GET /experimental/session'] === 1)
    await eventually(() => !proxy.underWay().includes('GET /experimental/session'))
    proxy.cut()
    await Promise.all([first, later].map(({ events }) => eventually(() => gaps(events).length === 2)))
    expect(gaps(later.events)).toEqual(['DISCONNECTED', 'RECONNECTED'])
    expect(proxy.counts()['GET /global/event']).toBe(2)
    await first.end()
    await other.send('[[answer: heard]]')
    await eventually(() => later.events.some((event) => event.type === 'changed'))
    expect(first.events.filter(({ type }) => type === 'changed')).toEqual([])
    expect(proxy.counts()).toMatchObject({ 'GET /global/event': 2, 'GET /experimental/session': 2 })
    await later.end()
    await ready(collect(backend, [one.ref()]))
    expect(proxy.counts()['GET /global/event']).toBe(3)
  })

  it('finds a server that was killed again, on its new port', async () => {
    const backend = site.open()
    const agent = await createAgent(backend, site.request())
    const events = collect(backend, [agent.ref()])
    await ready(events)
    const { url } = site.record()
    await site.killServer()
    await eventually(() => gaps(events).includes('DISCONNECTED'))
    await backend.server?.start(signal)
    expect(site.record().url).not.toBe(url)
    await eventually(() => gaps(events).includes('RECONNECTED'))
    await agent.send('[[answer: back]]')
    await eventually(() => events.some((event) => event.type === 'changed'))
  })

  it('misses nothing after it is ready: not one of twelve turns that end right then', async () => {
    const backend = site.open()
    for (let round = 0; round < 12; round += 1) {
      const agent = await startAgent(backend, site.request(), `[[answer: a]] [[hold: race-${round}]]`)
      await eventually(() => site.model.waiting().includes(`race-${round}`))
      const events = collect(backend, [agent.ref()])
      await ready(events)
      site.model.release(`race-${round}`)
      await agent.ended()
      await eventually(() => events.some((event) => event.type === 'changed'), { what: `the end of turn ${round}` })
    }
  })

  it('is ready while there is no server, starts none, and says when one is there', async () => {
    const backend = site.open()
    const agent = await createAgent(backend, site.request())
    await backend.server?.stop(signal)
    const events = collect(backend, [agent.ref()])
    await ready(events)
    expect(await backend.server?.status(signal)).toMatchObject({ ok: false })
    await backend.server?.start(signal)
    await eventually(() => gaps(events).includes('RECONNECTED'))
  })

  it('is ready while the server gives no stream, and says when one stands', async () => {
    await site.open().server?.start(signal)
    const proxy = await own.use(startProxy({ target: site.record().url }))
    const { stateDirectory, environment } = site
    const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
    const backend = opencode({ server: proxy.url, password: site.record().password })(host)
    const agent = await createAgent(backend, site.request({ target: backend.target }))
    proxy.intercept(({ path }) => (path === '/global/event' ? { status: 503 } : 'pass'))
    const events = collect(backend, [agent.ref()])
    await ready(events)
    proxy.intercept()
    await eventually(() => gaps(events).includes('RECONNECTED'))
  })

  it('announces each part before its text, tells reasoning apart, and joins in the middle of a turn', async () => {
    const backend = site.open()
    const prompt = '[[think: deep thought]] [[answer: begun]] [[hold: middle]] [[answer: and ended]]'
    const agent = await startAgent(backend, site.request(), prompt)
    await eventually(() => site.model.waiting().includes('middle'))
    const events = collect(backend, [agent.ref()], true)
    await ready(events)
    site.model.release('middle')
    await agent.ended()
    await eventually(() => events.some((event) => event.type === 'item' && event.item.text === 'begun\nand ended'))
    const announced = new Set<string>()
    for (const event of events) {
      if (event.type === 'item') announced.add(event.item.id)
      if (event.type === 'delta') expect(announced.has(event.itemId)).toBe(true)
    }
    expect(events.filter(({ type }) => type === 'delta').length).toBeGreaterThan(0)
    const { items } = await backend.read(agent.ref(), { last: 10, before: null, raw: false }, signal)
    expect(items.map(({ kind }) => kind)).toEqual(['message', 'reasoning', 'message'])
  })

  it('tells of a permission that a subagent asks for, also one that existed before', async () => {
    const backend = site.open()
    const task = '{"description":"d","subagent_type":"general","prompt":"do \\u005b[shell: echo s]\\u005d"}'
    const agent = await startAgent(backend, site.request(), `[[tool: task | ${task}]] [[answer: after]]`)
    const request = await agent.request()
    const events = collect(backend, [agent.ref()])
    await ready(events)
    await eventually(async () => {
      await backend.answer?.(agent.ref(), { requestId: request.id, choice: 'allow', text: null }, signal)
      return events.some((event) => event.type === 'changed')
    })
    await agent.ended()
  })
})

describe('streamEvents()', () => {
  it('gives up a server that never answers, and leaves no connection to it', async () => {
    let open = 0
    const server = createServer((_, response) => {
      open += 1
      response.on('close', () => {
        open -= 1
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    own.defer(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const http = createHttp(200)
    const place = { url, user: 'opencode', password: null, managed: false }
    const why = await streamEvents(http, place, { onEvent: () => {}, silenceMs: 25_000 }, signal)
    expect(why).toMatch(/did not answer within 200 ms/)
    await eventually(() => open === 0, { what: 'the end of the connection' })
  })

  it('ends when nothing comes for too long, not even a heartbeat', async () => {
    let opened = 0
    const server = createServer((_, response) => {
      opened += 1
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"payload":{}}\n\n')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    own.defer(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const events: unknown[] = []
    const onEvent = (event: unknown): void => {
      events.push(event)
    }
    const place = { url, user: 'opencode', password: null, managed: false }
    const http = createHttp(5_000)
    own.defer(() => http.close())
    const why = await streamEvents(http, place, { onEvent, silenceMs: 200 }, signal)
    expect(why).toBe('nothing came for 200 ms')
    expect(events).toEqual([{ payload: {} }])
    expect(opened).toBe(1)
  })
})
