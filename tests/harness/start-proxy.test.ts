import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { openEventStream } from './event-stream.ts'
import { eventually } from './eventually.ts'
import { perTest } from './scope.ts'
import { changedEvents, half, lost, replaced, replacing } from './spoils.ts'
import { type CountingProxy, startProxy, type Treatment } from './start-proxy.ts'

const scope = perTest()
let proxy: CountingProxy
let next: () => void
/** What the target was asked for. */
let asked: string[]

beforeEach(async () => {
  asked = []
  const server = createServer(async (request, response) => {
    if (request.url === '/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"n":1}\n\n')
      next = () => response.write('data: {"n":2}\n\n')
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const said = `${request.method} ${request.url} ${Buffer.concat(chunks)}`
    asked.push(said)
    response.writeHead(201, { 'x-answer': 'yes' }).end(said)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  proxy = await scope.use(startProxy({ target: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))
})

describe('startProxy()', () => {
  it('hands requests on unchanged and counts them by method and path', async () => {
    const response = await fetch(`${proxy.url}/a/b?c=d`, { method: 'POST', body: 'text' })
    expect([response.status, response.headers.get('x-answer')]).toEqual([201, 'yes'])
    expect(await response.text()).toBe('POST /a/b?c=d text')
    await fetch(`${proxy.url}/a/b`)
    await fetch(`${proxy.url}/a/b?x=1`)
    expect(proxy.counts()).toEqual({ 'POST /a/b': 1, 'GET /a/b': 2 })
    expect(proxy.requests[0]).toMatchObject({ query: { c: 'd' } })
    proxy.forget()
    expect(proxy.counts()).toEqual({})
  })

  it('passes a stream through as it comes, until it is cut', async () => {
    const stream = await scope.use(openEventStream(`${proxy.url}/stream`))
    await eventually(() => stream.events.length === 1)
    next()
    await eventually(() => stream.events.length === 2)
    expect([stream.events, stream.ended()]).toEqual([[{ n: 1 }, { n: 2 }], false])
    expect(proxy.underWay()).toEqual(['GET /stream'])
    proxy.cut()
    await eventually(() => stream.ended())
    await eventually(() => proxy.underWay().length === 0)
    expect((await fetch(`${proxy.url}/again`)).status).toBe(201)
  })

  it('answers for the target, with nothing, garbage or a broken connection, when told so', async () => {
    proxy.intercept(({ path }) => {
      if (path === '/error') return { status: 500, type: 'application/json', body: '{' }
      if (path === '/reset') return 'reset'
      return path === '/nothing' ? 'nothing' : 'pass'
    })
    const error = await fetch(`${proxy.url}/error`)
    expect([error.status, await error.text()]).toEqual([500, '{'])
    await expect(fetch(`${proxy.url}/reset`)).rejects.toThrow('fetch failed')
    const silent = fetch(`${proxy.url}/nothing`, { signal: AbortSignal.timeout(50) })
    await expect(silent).rejects.toThrow('timeout')
    expect((await fetch(`${proxy.url}/other`)).status).toBe(201)
    proxy.intercept()
    expect((await fetch(`${proxy.url}/error`)).status).toBe(201)
  })

  it('hands a request on and spoils its answer, when told so', async () => {
    const spoils: Record<string, Treatment> = {
      '/half': { spoil: half('end') },
      '/broken': { spoil: half('break') },
      '/silent': { spoil: half('silence') },
      '/lost': { spoil: lost('break') },
      '/other': { spoil: replaced('other'), status: 200, type: 'text/html' },
      '/changed': { spoil: replacing((text) => text.toLowerCase()) },
      '/stream': { spoil: changedEvents((event) => [event, event, 'break']) },
    }
    proxy.intercept(({ path }) => spoils[path] ?? 'pass')
    const text = async (path: string): Promise<string> => (await fetch(`${proxy.url}${path}`)).text()
    expect(await text('/half')).toBe('GET /')
    await expect(text('/broken')).rejects.toThrow('terminated')
    await expect(text('/lost')).rejects.toThrow('fetch failed')
    const silent = await fetch(`${proxy.url}/silent`, { signal: AbortSignal.timeout(1_000) })
    await expect(silent.text()).rejects.toThrow('timeout')
    const other = await fetch(`${proxy.url}/other`)
    expect([other.status, other.headers.get('content-type'), await other.text()]).toEqual([200, 'text/html', 'other'])
    expect(await text('/changed')).toBe('get /changed ')
    const stream = await scope.use(openEventStream(`${proxy.url}/stream`))
    await eventually(() => stream.ended())
    expect(stream.events).toEqual([{ n: 1 }, { n: 1 }])
  })

  it('hands a request on late, though whoever sent it is gone', async () => {
    let release = (): void => {}
    const late = new Promise<void>((resolve) => {
      release = resolve
    })
    proxy.intercept(() => ({ late }))
    const given = fetch(`${proxy.url}/late`, { method: 'POST', body: 'text', signal: AbortSignal.timeout(50) })
    await expect(given).rejects.toThrow('timeout')
    expect(asked).toEqual([])
    release()
    await eventually(() => asked.length > 0)
    expect(asked).toEqual(['POST /late text'])
  })

  it('breaks the connection when the target is gone', async () => {
    const dead = await scope.use(startProxy({ target: 'http://127.0.0.1:1' }))
    await expect(fetch(dead.url)).rejects.toThrow('fetch failed')
  })
})
