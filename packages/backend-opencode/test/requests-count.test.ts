import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AgentRef, Attempt, Observation } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { startProxy } from '../../../tests/harness/start-proxy.ts'
import { type OpenCodeOptions, opencode } from '../src/index.ts'
import { createAgent, startAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
let site: Site
beforeAll(async () => {
  site = await openSite(scope)
  await site.open().server?.start(signal)
})

describe('observe()', () => {
  it('of 100 sessions with recorded ends sends the same requests as of 10, from a cold client', async () => {
    const proxy = await scope.use(startProxy({ target: site.record().url }))
    const options: OpenCodeOptions = { server: proxy.url, password: site.record().password }
    const { stateDirectory, environment } = site
    const open = (): ReturnType<ReturnType<typeof opencode>> =>
      opencode(options)({ name: 'counted', stateDirectory, namespace: 'test00000000', env: environment.env })
    const backend = open()
    const refs: AgentRef[] = []
    const spawn = async (): Promise<void> => {
      const agent = await startAgent(backend, site.request({ target: backend.target }), '[[answer: done]]')
      await agent.ended()
      await agent.recorded()
      refs.push(agent.ref())
    }
    for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 5 }, spawn))
    const requestsFor = async (count: number): Promise<Record<string, number>> => {
      const cold = open()
      proxy.forget()
      const { observations } = await cold.observe(refs.slice(0, count), signal)
      expect(observations).toHaveLength(count)
      for (const { turn } of observations) {
        expect(turn).toMatchObject({ known: true, value: { status: 'ended', how: 'completed' } })
      }
      await cold.close()
      return proxy.counts()
    }
    const expected = { 'GET /experimental/session': 1, 'GET /global/health': 1 }
    expect(await requestsFor(10)).toEqual(expected)
    expect(await requestsFor(100)).toEqual(expected)

    const cold = open()
    proxy.forget()
    const looks = await Promise.all(refs.map((ref) => cold.observe([ref], signal)))
    expect(looks.flatMap(({ observations }) => observations)).toHaveLength(100)
    expect(Object.keys(proxy.counts())).toEqual(expect.arrayContaining(Object.keys(expected)))
    for (const [route, count] of Object.entries(proxy.counts())) expect([route, count <= 2]).toEqual([route, true])

    const [first] = refs as [AgentRef]
    await backend.send(first, { id: 'again', text: '[[answer: again]]' }, signal)
    proxy.forget()
    const { observations } = await open().observe(refs, signal)
    const counts = proxy.counts()
    expect(counts['GET /session/status']).toBeGreaterThanOrEqual(1)
    expect(counts).toMatchObject({ 'GET /permission': 1, 'GET /question': 1 })
    const { sessionId } = first.handle as { sessionId: string }
    const own = `GET /session/${sessionId}/message`
    const reads = Object.keys(counts).filter((route) => route.endsWith('/message'))
    const ended = observations.some(({ id, turn }) => id === first.id && turn.known && turn.value.status === 'ended')
    expect(reads.filter((route) => route !== own)).toEqual([])
    if (ended) expect(reads).toEqual([own])

    const endedAlone = async (): Promise<Record<string, number> | undefined> => {
      proxy.forget()
      const { turn } = (await open().observe([first], signal)).observations[0] as Observation
      return turn.known && turn.value.status === 'ended' ? proxy.counts() : undefined
    }
    const alone = await eventually(endedAlone, { timeoutMs: 30_000, what: 'the end of the second turn' })
    expect(alone).toMatchObject({ 'GET /session/status': expect.any(Number), [own]: expect.any(Number) })
    expect(alone).not.toHaveProperty(['GET /permission'])
  })

  it('reads again when the session changed: every start of a turn moves its time', async () => {
    const backend = site.open()
    const agent = await startAgent(backend, site.request(), '[[answer: one]]')
    await agent.ended()
    await agent.recorded()
    const { sessionId } = agent.ref().handle as { sessionId: string }
    const updated = async (): Promise<number> =>
      (await site.call<{ time: { updated: number } }>(`/session/${sessionId}`)).time.updated
    for (const prompt of ['[[hold: a]]', '[[error: 400]]', '[[shell: echo x]]', '[[answer: two]]']) {
      const before = await updated()
      await backend.send(agent.ref(), { id: `m-${prompt}`, text: prompt }, signal)
      expect(await updated()).toBeGreaterThan(before)
      const facts = agent.ref().facts as { updatedAt: number }
      expect(facts.updatedAt).toBe(before)
      site.model.release('a')
      await agent.ended()
      await agent.recorded()
    }
  })

  it('while a turn runs reads its messages only for one that was sent long ago', async () => {
    const proxy = await scope.use(startProxy({ target: site.record().url }))
    const { stateDirectory, environment } = site
    const host = { name: 'counted', stateDirectory, namespace: 'test00000000', env: environment.env }
    const backend = opencode({ server: proxy.url, password: site.record().password })(host)
    const agent = await startAgent(backend, site.request({ target: backend.target }), '[[hold: the turn]]')
    const [attempt] = agent.ref().attempts as [Attempt]
    const { sessionId } = agent.ref().handle as { sessionId: string }
    await eventually(async () => sessionId in (await site.call<object>('/session/status')), { what: 'its turn' })
    const lookWith = async (at: number): Promise<{ seen: Observation; reads: string[] }> => {
      proxy.forget()
      const ref = { ...agent.ref(), attempts: [{ ...attempt, at: new Date(at).toISOString() }] }
      const { observations } = await backend.observe([ref], signal)
      const [seen] = observations as [Observation]
      expect(seen.turn).toMatchObject({ known: true, value: { status: 'running' } })
      return { seen, reads: Object.keys(proxy.counts()).filter((route) => route.endsWith('/message')) }
    }
    expect((await lookWith(Date.now())).reads).toEqual([])
    const { seen, reads } = await lookWith(Date.now() - 60_000)
    expect(reads).toHaveLength(1)
    expect(seen.arrived).toEqual([attempt.id])
    site.model.release('the turn')
  })
})

describe('send()', () => {
  it('right after a look does not ask again who the server is, and starts it again when it has ended', async () => {
    const own = await openSite(scope)
    const backend = own.open()
    const agent = await startAgent(backend, own.request(), '[[answer: done]]')
    await agent.ended()
    await agent.recorded()
    const record = own.record()
    const proxy = await scope.use(startProxy({ target: record.url }))
    const file = join(own.stateDirectory, 'opencode', 'server.json')
    writeFileSync(file, JSON.stringify({ ...record, url: proxy.url }))
    const again = own.open()
    await again.observe([agent.ref()], signal)
    proxy.forget()
    await again.send(agent.ref(), { id: 'again', text: '[[answer: again]]' }, signal)
    const { sessionId } = agent.ref().handle as { sessionId: string }
    const { [`GET /session/${sessionId}/message`]: looks, ...others } = proxy.counts()
    expect(looks).toBeGreaterThanOrEqual(1)
    expect(others).toEqual({
      [`GET /session/${sessionId}`]: 1,
      'GET /session/status': 1,
      [`POST /session/${sessionId}/prompt_async`]: 1,
    })

    await own.killServer()
    expect(await again.send(agent.ref(), { id: 'later', text: 'later' }, signal)).toMatchObject({
      delivery: 'confirmed',
    })
    expect(own.record().process.pid).not.toBe(record.process.pid)
  })

  it('reads once, when it heard that the message is there, however long the server takes to store it', async () => {
    const own = await openSite(scope)
    await own.open().server?.start(signal)
    const proxy = await scope.use(startProxy({ target: own.record().url }))
    const { stateDirectory, environment } = own
    const host = { name: 'listening', stateDirectory, namespace: 'test00000000', env: environment.env }
    const backend = opencode({ server: proxy.url, password: own.record().password })(host)
    const sendHearing = async (): Promise<{ reads: number | undefined; ms: number }> => {
      const agent = await createAgent(backend, own.request({ target: backend.target }))
      const ended = new AbortController()
      const events = backend.events([agent.ref()], { content: false, raw: false }, ended.signal)[Symbol.asyncIterator]()
      expect((await events.next()).value).toEqual({ type: 'ready' })
      proxy.forget()
      const startedAt = performance.now()
      expect(await agent.send('[[answer: heard]]')).toMatchObject({ delivery: 'confirmed' })
      const ms = performance.now() - startedAt
      const { sessionId } = agent.ref().handle as { sessionId: string }
      const reads = proxy.counts()[`GET /session/${sessionId}/message`]
      ended.abort()
      await events.return?.()
      return { reads, ms }
    }
    // The first turn on a server: the message is stored long after it was taken. A send waits a second to hear of it, which
    // is too short for a busy machine: then the next one counts.
    let heard = await sendHearing()
    for (let again = 0; again < 4 && heard.ms > 1_000; again += 1) heard = await sendHearing()
    expect(heard.reads).toBe(1)
  })
})
