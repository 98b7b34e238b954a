import { beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { freePort } from '../../../tests/harness/free-port.ts'
import { perFile, perTest } from '../../../tests/harness/scope.ts'
import { type OpenCodeServer, startOpenCode } from '../../../tests/harness/start-open-code.ts'
import { type CountingProxy, startProxy } from '../../../tests/harness/start-proxy.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { type ScriptedModel, startScriptedModel } from '../../../tests/scripted-model/scripted-model.ts'
import {
  createOpenCodeClient,
  type OpenCodeClient,
  type StreamItem,
  type StreamQuery,
} from '../src/open-code-client/index.ts'

const scope = perFile()
const own = perTest()
let model: ScriptedModel
let server: OpenCodeServer
beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  server = await scope.use(startOpenCode({ model }))
})

function clientOf(url: string, password = server.password): OpenCodeClient {
  const client = createOpenCodeClient({ url, password, directory: server.directory })
  own.defer(() => client.close())
  return client
}

interface Followed {
  readonly items: readonly StreamItem[]
  /** The items of a kind. */
  of(type: StreamItem['type']): StreamItem[]
  /** Set when the iteration has ended. */
  readonly end: Promise<unknown>
}

/** Follows until the test ends, once the stream stands. */
async function follow(client: OpenCodeClient, query: StreamQuery = {}): Promise<Followed> {
  const items: StreamItem[] = []
  const ended = new AbortController()
  own.defer(() => ended.abort())
  const read = async (): Promise<void> => {
    for await (const item of client.events({ signal: ended.signal, ...query })) items.push(item)
  }
  const end = read().catch((error: unknown) => error)
  await eventually(() => items.length > 0)
  return { items, of: (type) => items.filter((item) => item.type === type), end }
}

const textOf = ({ items }: Followed): string =>
  items
    .flatMap((item) =>
      item.type === 'event' && item.event.type === 'message.part.delta' ? [item.event.properties.delta] : [],
    )
    .join('')

describe('events()', () => {
  it('begin with ready, and tell a turn from its start to its end', async () => {
    const client = clientOf(server.url)
    const followed = await follow(client)
    expect(followed.items[0]).toEqual({ type: 'ready' })
    const { id: sessionID } = await client.sessions.create({ title: 'Followed' })
    await client.prompt({ sessionId: sessionID, text: '[[answer: word by word]]' })
    await eventually(() => JSON.stringify(followed.items).includes('session.idle'))
    expect(textOf(followed)).toBe('word by word')
    const types = followed.items.map((item) => (item.type === 'event' ? item.event.type : item.type))
    expect(types).toEqual(expect.arrayContaining(['session.created', 'session.status', 'message.updated']))
    expect(types.filter((type) => /sync|server\./.test(type))).toEqual([])
  })

  it('are those of one directory when one is named', async () => {
    const client = clientOf(server.url)
    const other = (await own.use(temporaryFolder())).path
    const followed = await follow(client, { directory: other })
    const { id: here } = await client.sessions.create()
    const { id: there } = await client.sessions.create({}, { directory: other })
    await eventually(() => JSON.stringify(followed.items).includes(there))
    expect(JSON.stringify(followed.items)).not.toContain(here)
  })

  it('go on after the connection broke, with a gap once they stand again', async () => {
    const proxy = await own.use(startProxy({ target: server.url }))
    const client = clientOf(proxy.url)
    const followed = await follow(client)
    proxy.cut()
    await eventually(() => followed.of('gap').length > 0)
    const types = followed.items.map(({ type }) => type).filter((type) => type !== 'event')
    expect(types).toEqual(['ready', 'lost', 'gap'])
    const { id } = await client.sessions.create()
    await eventually(() => JSON.stringify(followed.items).includes(id))
  })

  it('are opened again when nothing comes for too long', async () => {
    const followed = await follow(clientOf(server.url), { silenceMs: 700 })
    await eventually(() => followed.of('gap').length > 0)
    expect(followed.of('lost')[0]).toEqual({ type: 'lost', reason: 'nothing came for 700 ms' })
  })

  it('wait for a server that was killed, and reject when its successor refuses the password', async () => {
    const port = await freePort()
    const mine = await own.use(startOpenCode({ model, port }))
    const followed = await follow(clientOf(mine.url, mine.password))
    await mine.kill()
    await eventually(() => followed.of('lost').length > 0)
    await own.use(startOpenCode({ model, port }))
    expect(await followed.end).toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('reject at once when nothing answers, and when what answers is no stream', async () => {
    const first = (url: string): Promise<unknown> => clientOf(url).events()[Symbol.asyncIterator]().next()
    await expect(first(`http://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' })
    const proxy: CountingProxy = await own.use(startProxy({ target: server.url }))
    proxy.intercept(({ path }) => (path === '/global/event' ? { type: 'text/html', body: '<html>' } : 'pass'))
    await expect(first(proxy.url)).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    proxy.intercept(({ path }) => (path === '/global/event' ? 'reset' : 'pass'))
    await expect(first(proxy.url)).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    expect(timers()).toBeLessThanOrEqual(before)
  })

  it('end with their signal, or when nobody takes them any more, and close their connection', async () => {
    const client = clientOf(server.url)
    const controller = new AbortController()
    const followed = await follow(client, { signal: controller.signal })
    controller.abort()
    expect(await followed.end).toBeUndefined()
    for await (const item of client.events()) {
      expect(item.type).toBe('ready')
      break
    }
    expect(await client.events({ signal: controller.signal })[Symbol.asyncIterator]().next()).toMatchObject({
      done: true,
    })
  })
})
