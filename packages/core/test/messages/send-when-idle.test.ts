import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { QueuedMessage, Receipt } from '../../src/agent.ts'
import { OrchError } from '../../src/errors.ts'
import type { MemoryPoint } from '../../src/memory/index.ts'
import { answer } from '../../src/messages/answer.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { check } from '../../src/orchestrator/check.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { status } from '../../src/orchestrator/status.ts'
import { wait } from '../../src/orchestrator/wait.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { takeOver } from '../../src/registry/claims.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { tail } from '../../src/transcript/tail.ts'
import { type Fixture, useFixtures } from '../harness/fixture.ts'
import { createPlace, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
const fixtures = useFixtures(scope)
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe("send() with when: 'idle'", () => {
  it('delivers now to an idle agent, and keeps nothing', async () => {
    const { orch, id } = await place.spawn('x')
    const { receipt } = await send(orch, id, 'now', { when: 'idle' })
    expect(receipt).toMatchObject({ delivery: 'confirmed', reason: null, messageId: expect.any(String) })
    expect(received(id)).toEqual(['now'])
    expect(await recorded(id)).toEqual({ attempts: [], queue: [] })
  })

  it('keeps the message while a turn runs, and the next look at the idle agent delivers it', async () => {
    const id = await working()
    expect(await queue(id, 'later')).toMatchObject({
      delivery: 'queued',
      messageId: expect.any(String),
      reason: { code: 'WAITS_FOR_IDLE', text: expect.stringContaining('orch wait') },
      evidence: [{ source: 'record' }, { source: 'api' }],
    })
    expect((await look(id)).queued).toBe(1)
    expect(received(id)).toEqual([])
    place.server.finish(id)
    expect(await look(id)).toMatchObject({ state: 'idle', queued: 0 })
    expect(received(id)).toEqual(['later'])
    expect(await recorded(id)).toEqual({ attempts: [], queue: [] })
  })

  it('keeps the order: one message for each time that the agent becomes idle', async () => {
    const id = await working()
    for (const name of ['one', 'two', 'three']) await queue(id, `[[hang: ${name}]]`)
    for (const names of [['one'], ['one', 'two'], ['one', 'two', 'three']]) {
      place.server.finish(id)
      for (let round = 0; round < 2; round++) expect(await look(id)).toMatchObject({ state: 'working' })
      expect(received(id)).toEqual(names.map((name) => `[[hang: ${name}]]`))
    }
  })

  it('lets what waits already go first, though the agent is idle by now', async () => {
    const id = await working()
    await queue(id, '[[hang: first]]')
    place.server.finish(id)
    expect(await queue(id, 'second')).toMatchObject({ delivery: 'queued' })
    expect(received(id)).toEqual(['[[hang: first]]'])
  })

  it('delivers by itself when the turn ended before the message stood in the record', async () => {
    const id = await working()
    const orch = await place.open({ wrap: onceAfterObserve(() => place.server.finish(id)) })
    const { receipt } = await send(orch, id, 'late', { when: 'idle' })
    expect(receipt).toMatchObject({ delivery: 'confirmed', messageId: expect.any(String) })
    expect(received(id)).toEqual(['late'])
  })

  it('keeps it while the agent waits on a request, and while it could not be looked at', async () => {
    const { orch, id } = await place.spawn('[[permission: run make]]')
    expect(await queue(id, 'later')).toMatchObject({ delivery: 'queued' })
    place.server.freeze()
    expect(await queue(id, 'last')).toMatchObject({ delivery: 'queued' })
    place.server.thaw()
    expect(await look(id)).toMatchObject({ state: 'waiting', queued: 2 })
    expect(received(id)).toEqual([])
    await answer(orch, id, { choice: 'allow' })
    expect(await wait(orch, [id], { until: ['idle'] })).toMatchObject({ outcome: 'met' })
    expect(received(id)).toEqual(['later', 'last'])
  })

  it('is not given to an agent whose last turn failed', async () => {
    const { id } = await place.spawn('[[error: no]]')
    expect(await queue(id, 'later')).toMatchObject({ delivery: 'queued' })
    expect(await look(id)).toMatchObject({ state: 'failed', queued: 1 })
    expect(received(id)).toEqual([])
  })

  it('is given to one that reported Complete', async () => {
    const id = await working()
    await queue(id, 'one more thing')
    page(id, 'Phase: Complete\n')
    place.server.finish(id)
    expect(await look(id)).toMatchObject({ state: 'done', queued: 0 })
    expect(received(id)).toEqual(['one more thing'])
  })

  it('brings the answer to this message, with wait', async () => {
    const id = await working()
    await queue(id, '[[answer: to another]]')
    const waiting = send(await place.open(), id, '[[answer: to this]]', { when: 'idle', wait: true })
    await eventually(async () => (await recorded(id)).queue.length === 2)
    place.server.finish(id)
    expect(await waiting).toMatchObject({ outcome: 'met', answer: { text: 'to this' } })
  })
})

describe("send() with when: 'idle' refuses before anything is recorded", () => {
  const refusedWith = async (id: string, code: string): Promise<void> => {
    expect(await queue(id, 'never')).toMatchObject({ delivery: 'refused', messageId: null, reason: { code } })
    expect(await recorded(id)).toEqual({ attempts: [], queue: [] })
  }

  it('when nobody will be there to read it', async () => {
    const { orch, id } = await place.spawn('[[exit: 0]]')
    await refusedWith(id, 'PROCESS_ENDED')
    await abandon(orch, [id])
    await refusedWith(id, 'CLOSED')
    const other = await working()
    const { revision = 0 } = (await orch.registry.get(other)) ?? {}
    await orch.registry.append(other, revision, { type: 'ending', set: { ending: 'completed' } })
    await refusedWith(other, 'ENDING')
  })

  it('when its end begins after the look', async () => {
    const id = await working()
    const orch = await place.open({
      wrap: onceAfterObserve(async () => {
        const { revision = 0 } = (await orch.registry.get(id)) ?? {}
        await orch.registry.append(id, revision, { type: 'ending', set: { ending: 'completed' } })
      }),
    })
    const { receipt } = await send(orch, id, 'never', { when: 'idle' })
    expect(receipt).toMatchObject({ delivery: 'refused', reason: { code: 'ENDING' } })
    expect((await recorded(id)).queue).toEqual([])
  })

  it('when its agent is queued, whether that would show its turns or not', async () => {
    const orch = await place.open({ memory: { without: ['turns'] } })
    await spawn(orch, { task: '[[hang:on]]', maxParallel: 1 })
    const { agent } = await spawn(orch, { task: 'y', maxParallel: 1 })
    const { receipt } = await send(orch, agent.id, 'z', { when: 'idle' })
    expect(receipt).toMatchObject({ delivery: 'refused', reason: { code: 'QUEUED' } })
  })

  it('when the agent does not show its turns, when forced, and when it is too long', async () => {
    const { orch, id } = await place.spawn('x')
    const blind = await place.open({ memory: { without: ['turns'] } })
    await expect(send(blind, id, 'x', { when: 'idle' })).rejects.toMatchObject({ code: 'UNSUPPORTED', agent: id })
    await expect(send(orch, id, 'x', { when: 'idle', force: true })).rejects.toMatchObject({ code: 'USAGE' })
    const long = 'x'.repeat(100_001)
    await expect(send(orch, id, long, { when: 'idle' })).rejects.toMatchObject({ code: 'USAGE' })
    expect(received(id)).toEqual([])
    expect(await recorded(id)).toEqual({ attempts: [], queue: [] })
  })
})

describe('a message that waits for idle', () => {
  it('is delivered by one of 8 processes that look at once', async () => {
    const id = await working()
    await queue(id, 'once [[hang: on]]')
    place.server.finish(id)
    const all = await Promise.all(Array.from({ length: 8 }, () => start(100)))
    await atOnce(all, 'ready')
    await atOnce(all, 'status')
    expect(received(id)).toEqual(['once [[hang: on]]'])
    expect(await recorded(id)).toEqual({ attempts: [], queue: [] })
  })

  it('is not lost among 8 processes that send at once', async () => {
    const id = await working()
    const all = await Promise.all(Array.from({ length: 8 }, () => start(0)))
    await atOnce(all, 'ready')
    expect(await atOnce(all, `queue ${id}`)).toEqual(all.map(() => 'queued'))
    place.server.finish(id)
    await atOnce(all, `wait ${id}`)
    expect(received(id).toSorted()).toEqual(all.map(({ pid }) => `from ${pid}`).toSorted())
  })

  it('is said to be unconfirmed, and not tried again, after kill -9 before it was handed over', async () => {
    const id = await working()
    const messageId = (await queue(id, 'lost')).messageId as string
    place.server.finish(id)
    await dieAt('send:before')
    await letTimePass(id)
    for (let round = 0; round < 2; round++) expect(await look(id)).toMatchObject({ state: 'idle', queued: 1 })
    expect(received(id)).toEqual([])
    const orch = await place.open()
    expect((await check(orch, id)).queue).toEqual([
      { id: messageId, text: 'lost', at: expect.any(String), triedAt: expect.any(String), failure: null },
    ])
    page(id, 'Phase: Complete\n')
    expect((await complete(orch, [id])).results).toMatchObject([{ ok: false, checks: failedCheck }])
    await queue(id, 'next')
    expect(received(id)).toEqual(['next'])
  })

  it('is seen to have arrived after kill -9 once it was handed over', async () => {
    const id = await working()
    await queue(id, 'arrived')
    place.server.finish(id)
    await dieAt('send:after')
    expect(await look(id)).toMatchObject({ state: 'idle', queued: 0 })
    expect(received(id)).toEqual(['arrived'])
    expect(await recorded(id)).toEqual({ attempts: [], queue: [] })
  })

  it('is left to a living process that claimed it, and taken over from one that died', async () => {
    const id = await working()
    const { messageId } = await queue(id, 'later')
    const { claims } = await place.open()
    const name = `queued\0${id}\0${messageId}`
    expect(takeOver(claims, name, null)).toBe(true)
    place.server.finish(id)
    expect(await look(id)).toMatchObject({ state: 'idle', queued: 1 })
    expect(received(id)).toEqual([])
    claims.create(name, 2, JSON.stringify({ ...currentOwner(), startTime: '1' }))
    expect(await look(id)).toMatchObject({ queued: 0 })
    expect(received(id)).toEqual(['later'])
  })

  it('is not delivered on a look that is older than another message', async () => {
    const id = await working()
    await queue(id, 'later')
    place.server.finish(id)
    const other = await place.open()
    const orch = await place.open({ wrap: onceAfterObserve(() => send(other, id, '[[hang: between]]')) })
    await status(orch)
    expect(received(id)).toEqual(['[[hang: between]]'])
    expect((await recorded(id)).queue).toHaveLength(1)
  })

  it('is not delivered on such a look either when that settles something itself', async () => {
    const id = await working()
    await queue(id, 'later')
    await send(await place.open({ memory: { crash: { at: 'send:after', how: 'reject' } } }), id, 'arrived')
    place.server.finish(id)
    const other = await place.open()
    const orch = await place.open({ wrap: onceAfterObserve(() => send(other, id, '[[hang: between]]')) })
    await status(orch)
    expect(received(id)).toEqual(['arrived', '[[hang: between]]'])
    expect(await recorded(id)).toMatchObject({ attempts: [], queue: [{ text: 'later' }] })
  })

  it('is kept with its reason, and not tried again, when it was provably not delivered', async () => {
    const id = await working()
    await queue(id, 'refused')
    await queue(id, 'failed')
    const sent: string[] = []
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        send: async (_, { text }) => {
          sent.push(text)
          if (text === 'failed') throw new OrchError('BACKEND_UNREACHABLE', 'Cannot send: no')
          const at = new Date().toISOString()
          return { messageId: null, delivery: 'refused', reason: { code: 'NO', text: 'No' }, evidence: [], at }
        },
      }),
    })
    place.server.finish(id)
    expect(await wait(orch, [id], { until: ['idle'] })).toMatchObject({ outcome: 'met' })
    await status(orch)
    expect(sent).toEqual(['refused', 'failed'])
    expect((await check(orch, id)).queue).toMatchObject([
      { text: 'refused', failure: { code: 'NO' } },
      { text: 'failed', failure: { code: 'BACKEND_UNREACHABLE' } },
    ])
    expect((await recorded(id)).attempts).toEqual([])
  })

  it('does not start a server that a look finds down; the next message that waits does', async () => {
    const knobs: PlaceOptions = { memory: { survives: true } }
    const { orch, id } = await place.spawn('[[hang: working]]', knobs)
    await send(orch, id, 'later', { when: 'idle' })
    place.server.kill()
    const agent = { state: 'idle', reason: { code: 'INTERRUPTED' }, queued: 1 }
    expect((await status(await place.open(knobs))).agents).toMatchObject([agent])
    expect(await wait(orch, [id], { until: ['idle'] })).toMatchObject({ outcome: 'met' })
    expect(received(id)).toEqual([])
    await send(orch, id, 'last', { when: 'idle' })
    await status(orch)
    expect(received(id)).toEqual(['later', 'last'])
  })

  it('keeps wait() from ending before it: for idle, and for done', async () => {
    const id = await working()
    await queue(id, '[[hang: second]]')
    page(id, 'Phase: Complete\n')
    const waits = [['idle'] as const, ['done'] as const].map(async (until) => wait(await place.open(), [id], { until }))
    await eventually(async () => (await look(id)).state === 'working')
    place.server.finish(id)
    await eventually(() => received(id).length === 1)
    expect(await look(id)).toMatchObject({ state: 'working' })
    place.server.finish(id)
    for (const one of waits) expect(await one).toMatchObject({ outcome: 'met', agents: [{ met: true }] })
  })

  it('is delivered by check and by tail that follows', async () => {
    const id = await working()
    await queue(id, '[[hang: second]]')
    await queue(id, 'third')
    place.server.finish(id)
    const document = await check(await place.open(), id)
    expect(document).toMatchObject({
      agent: { state: 'working', queued: 1 },
      queue: [{ text: 'third', triedAt: null }],
    })
    const stop = new AbortController()
    const following = tail(await place.open(), id, { follow: true, signal: stop.signal })
    const told = (async () => {
      for await (const _ of following) if (received(id).length === 2) break
    })()
    place.server.finish(id)
    await told
    expect(received(id)).toEqual(['[[hang: second]]', 'third'])
  })
})

describe('an agent that ends with messages that wait for idle', () => {
  it('is not completed unless forced, which records it', async () => {
    const id = await working()
    await queue(id, 'later')
    const orch = await place.open()
    place.server.finish(id)
    page(id, 'Phase: Complete\n')
    expect((await complete(orch, [id])).results).toMatchObject([
      {
        ok: false,
        lifecycle: 'active',
        checks: failedCheck,
      },
    ])
    expect(received(id)).toEqual([])
    expect((await complete(orch, [id], { force: true })).results).toMatchObject([{ ok: true }])
    expect((await orch.registry.get(id))?.record).toMatchObject({ overridden: ['queue'], queue: [{ text: 'later' }] })
  })

  it('says so when it is abandoned, afterwards too', async () => {
    const id = await working()
    await queue(id, 'later')
    const orch = await place.open()
    expect(await abandon(orch, [id])).toMatchObject({
      results: [{ ok: true }],
      warnings: [{ code: 'NOT_DELIVERED', text: expect.stringContaining('One message is not proven to be delivered') }],
    })
    expect(await check(orch, id)).toMatchObject({ agent: { queued: 1 }, queue: [{ text: 'later' }] })
  })

  it.each([
    ['exited', () => place.server.exit],
    ['lost', () => place.server.restart],
  ] as const)('says so when it is %s', async (state, how) => {
    const id = await working()
    await queue(id, 'later')
    how()(id, { code: 0, signal: null })
    expect(await look(id)).toMatchObject({ state, queued: 1 })
  })
})

const failedCheck = expect.arrayContaining([
  expect.objectContaining({
    name: 'queue',
    result: 'fail',
    text: expect.stringContaining('not proven to be delivered'),
  }),
])

/** An agent in a turn that stays open. */
async function working(): Promise<string> {
  return (await place.spawn('[[hang: working]]')).id
}

async function queue(id: string, text: string): Promise<Receipt> {
  return (await send(await place.open(), id, text, { when: 'idle' })).receipt
}

/** The agent as a new process sees it; that look may deliver something. */
async function look(id: string): Promise<{ state: string; queued: number }> {
  const { agents } = await status(await place.open())
  const agent = agents.find((one) => one.id === id)
  if (agent === undefined) throw new Error(`There is no agent "${id}"`)
  return agent
}

/** Everything that the agent was given after its task. */
function received(id: string): readonly string[] {
  return place.server.received(id).slice(1)
}

async function recorded(id: string): Promise<{ attempts: readonly unknown[]; queue: readonly QueuedMessage[] }> {
  const stored = await (await place.open()).registry.get(id)
  return { attempts: stored?.record.attempts ?? [], queue: stored?.record.queue ?? [] }
}

/** Does something once, between what a look sees and what is made of it. */
function onceAfterObserve(act: () => unknown): NonNullable<PlaceOptions['wrap']> {
  let done = false
  return (backend) => ({
    ...backend,
    async observe(refs, signal) {
      const result = await backend.observe(refs, signal)
      if (!done) {
        done = true
        await act()
      }
      return result
    },
  })
}

/** Lets so much time pass that a message on its way has arrived or never will. */
async function letTimePass(id: string): Promise<void> {
  const file = place.recordFile(id)
  const aged = readFileSync(file, 'utf8').replaceAll(/"at":"20\d\d-/g, '"at":"2020-')
  writeFileSync(file, aged)
}

function page(id: string, text: string): void {
  writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), text)
}

function start(delayMs: number, point?: MemoryPoint): Promise<Fixture> {
  const { project, env, server } = place
  const words = [project, env.HOME as string, server.store.name, `${delayMs}`]
  return fixtures.start('orch-process', point === undefined ? words : [...words, point])
}

/** A process that looks, and dies at this point of a delivery. */
async function dieAt(point: MemoryPoint): Promise<void> {
  const process = await start(0, point)
  process.tell('status')
  expect((await process.ended).signal).toBe('SIGKILL')
}

async function atOnce(all: readonly Fixture[], line: string): Promise<unknown[]> {
  for (const fixture of all) fixture.tell(line)
  return await Promise.all(all.map((fixture) => fixture.answer()))
}
