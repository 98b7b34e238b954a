import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Backend, BackendEvent, Item, ReadResult } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile, perTest } from '../../../tests/harness/scope.ts'
import { type CountingProxy, startProxy } from '../../../tests/harness/start-proxy.ts'
import { opencode } from '../src/index.ts'
import { startAgent, type TestAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const own = perTest()
const { signal } = new AbortController()
let site: Site
let proxy: CountingProxy
let backend: Backend
beforeAll(async () => {
  site = await openSite(scope)
  await site.open().server?.start(signal)
  proxy = await scope.use(startProxy({ target: site.record().url }))
  const { stateDirectory, environment } = site
  const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
  backend = opencode({ server: proxy.url, password: site.record().password })(host)
})

/** A call of the tool that runs a subagent, whose markers only the subagent reads. */
function subagent(description: string, script: string): string {
  const prompt = script.replaceAll('[', '\\u005b').replaceAll(']', '\\u005d')
  return `[[tool: task | {"description":"${description}","subagent_type":"general","prompt":"${prompt}"}]]`
}

const start = (prompt: string): Promise<TestAgent> =>
  startAgent(backend, site.request({ target: backend.target, permission: 'allow' }), prompt)

const page = (agent: TestAgent, last: number, before: string | null = null): Promise<ReadResult> =>
  backend.read(agent.ref(), { last, before, raw: false }, signal)

const saidBy = ({ from, role, text, tool }: Item): unknown => [from, role, text ?? tool?.name]

/** How often messages, and sessions, were asked for since the proxy forgot. */
function asked(): { readonly messages: number; readonly sessions: number } {
  const paths = proxy.requests.map(({ path }) => path)
  return {
    messages: paths.filter((path) => path.endsWith('/message')).length,
    sessions: paths.filter((path) => /^\/session\/[^/]+$/.test(path)).length,
  }
}

describe('read() of subagents', () => {
  it('has what they said among the rest, by their titles, page by page too', async () => {
    const inner = '[[shell: echo inside]] [[answer: Seen]]'
    const agent = await start(`[[answer: First]] ${subagent('Look around', inner)} [[answer: Last]]`)
    await agent.ended()
    const { items } = await page(agent, 100)
    const from = 'Look around (@general subagent)'
    expect(items.map(saidBy).slice(1)).toEqual([
      [null, 'assistant', 'First'],
      [null, 'assistant', 'task'],
      [from, 'user', inner],
      [from, 'assistant', 'bash'],
      [from, 'assistant', 'Seen'],
      [null, 'assistant', 'Last'],
    ])
    const paged: Item[] = []
    for (let before: string | null | undefined; before !== null; ) {
      const read = await page(agent, 2, before ?? null)
      paged.unshift(...read.items)
      before = read.before
    }
    expect(paged).toEqual(items)
  })

  it('asks for nothing of those whose call is older than the page', async () => {
    const agent = await start(`${subagent('Look around', '[[answer: Seen]]')} [[answer: Last]]`)
    await agent.ended()
    await backend.probe(signal)
    proxy.forget()
    expect((await page(agent, 1)).items.map(saidBy)).toEqual([[null, 'assistant', 'Last']])
    expect(asked()).toEqual({ messages: 1, sessions: 0 })
    proxy.forget()
    expect((await page(agent, 2)).items.map(saidBy)[0]).toEqual([
      'Look around (@general subagent)',
      'assistant',
      'Seen',
    ])
    expect(asked()).toEqual({ messages: 2, sessions: 1 })
  })

  it('has all of one that was called again', async () => {
    const agent = await start(`${subagent('Look around', '[[answer: Once]]')} [[answer: Between]]`)
    await agent.ended()
    const call = (await page(agent, 100)).items.find(({ tool }) => tool !== null)
    const [sessionId] = /ses_\w+/.exec(call?.tool?.output ?? '') as RegExpExecArray
    const again = subagent('Look around', '[[answer: Twice]]').replace('{', `{"task_id":"${sessionId}",`)
    await agent.send(`${again} [[answer: Last]]`)
    await agent.ended()
    const { items } = await page(agent, 100)
    expect(items.map(({ text }) => text).filter((text) => text !== null && !text.includes('[['))).toEqual([
      ...['Once', 'Between', 'Twice', 'Last'],
    ])
    for (let last = 1; last < items.length; last += 1)
      expect((await page(agent, last)).items).toEqual(items.slice(-last))
  })

  it('keeps to the order in which two of them spoke', async () => {
    const calls = [1, 2].map((n) =>
      subagent(`Number ${n}`, `[[answer: begun ${n}]] [[shell: echo ${n}]] [[answer: done ${n}]]`),
    )
    const agent = await start(`${calls.join(' ')} [[answer: Last]]`)
    await agent.ended()
    const { items } = await page(agent, 100)
    const times = items.map(({ at }) => at ?? '')
    expect(items.filter(({ from }) => from !== null)).toHaveLength(8)
    expect(times).toEqual(times.toSorted())
  })
})

describe('read()', () => {
  it('asks for one page of one message more than items are wanted, however long the conversation is', async () => {
    const agent = await start('[[answer: 0]]')
    for (let index = 1; index < 12; index += 1) {
      await agent.ended()
      await agent.send(`[[answer: ${index}]]`)
    }
    await agent.ended()
    for (const [last, limit] of [
      [1, '4'],
      [3, '4'],
      [8, '9'],
    ] as const) {
      proxy.forget()
      expect((await page(agent, last)).items).toHaveLength(last)
      const pages = proxy.requests.filter(({ path }) => path.endsWith('/message'))
      expect(pages.map(({ query }) => query.limit)).toEqual([limit])
    }
  })

  it('keeps to the order in time when a message came while an answer was written', async () => {
    const agent = await start('[[answer: one]] [[hold: meanwhile]] [[answer: two]] [[shell: echo three]]')
    await eventually(() => site.model.waiting().includes('meanwhile'))
    await agent.send('[[answer: four]]')
    site.model.release('meanwhile')
    await agent.ended()
    const { items } = await page(agent, 100)
    const times = items.map(({ at }) => at ?? '')
    expect(times).toEqual(times.toSorted())
    expect(items.findIndex(({ text }) => text === '[[answer: four]]')).toBeLessThan(
      items.findIndex(({ tool }) => tool !== null),
    )
    for (let last = 1; last < items.length; last += 1)
      expect((await page(agent, last)).items).toEqual(items.slice(-last))
  })

  it('shows edits as what they changed, but for a file that was replaced', async () => {
    writeFileSync(join(site.environment.directory, 'old.txt'), 'one\ntwo\n')
    const agent = await start(
      '[[tool: read | {"filePath":"old.txt"}]] [[edit: old.txt | two | 2]] [[write: new.txt | a\\nb\\n]] [[write: old.txt | c\\n]] [[answer: done]]',
    )
    await agent.ended()
    const edits = (await page(agent, 100)).items.filter(({ tool }) => tool !== null).slice(1)
    expect(edits.map(({ kind, tool, final }) => [kind, tool?.name, tool?.status, final])).toEqual([
      ['diff', 'edit', 'completed', true],
      ['diff', 'write', 'completed', true],
      ['tool', 'write', 'completed', true],
    ])
    expect(edits[0]?.text).toContain('-two\n+2\n')
    expect(edits[1]?.text).toBe(
      `--- /dev/null\n+++ ${join(site.environment.directory, 'new.txt')}\n@@ -0,0 +1,2 @@\n+a\n+b\n`,
    )
  })

  it('says when the server kept only a part of an output', async () => {
    const agent = await start('[[shell: seq 1 20000]] [[shell: echo short]] [[answer: done]]')
    await agent.ended()
    const tools = (await page(agent, 100)).items.filter(({ kind }) => kind === 'tool')
    expect(tools.map(({ truncated }) => truncated)).toEqual([true, false])
  })
})

describe('events() of subagents', () => {
  it('carry what they say, as it is read later, and its text as it comes', async () => {
    const inner = '[[answer: Thinking]] [[hold: inside]] [[answer: over]]'
    const agent = await start(`[[hold: outside]] ${subagent('Look around', inner)} [[answer: Last]]`)
    const events: BackendEvent[] = []
    const controller = new AbortController()
    const following = (async () => {
      const all = backend.events([agent.ref()], { content: true, raw: false }, controller.signal)
      for await (const event of all) events.push(event)
    })()
    own.defer(async () => {
      controller.abort()
      await following
    })
    await eventually(() => events[0]?.type === 'ready')
    site.model.release('outside')
    await eventually(() => site.model.waiting().includes('inside'))
    const item = await eventually(() =>
      events.findLast((event) => event.type === 'item' && event.item.from !== null && event.item.role === 'assistant'),
    )
    expect(item).toMatchObject({ item: { from: 'Look around (@general subagent)', kind: 'message', final: false } })
    site.model.release('inside')
    await agent.ended()
    const { items } = await page(agent, 100)
    const latest = (): Map<string, Item> =>
      new Map(events.flatMap((event) => (event.type === 'item' ? [[event.item.id, event.item]] : [])))
    await eventually(() => items.slice(1).every(({ id }) => latest().get(id)?.final))
    expect(items.slice(1).map(({ id }) => latest().get(id))).toEqual(items.slice(1))
    const inText = events.filter((event) => event.type === 'delta' && event.itemId === (item as { item: Item }).item.id)
    expect(inText.length).toBeGreaterThan(0)
  })
})
