import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Agent } from '../../src/agent.ts'
import type { ResumeDocument } from '../../src/documents.ts'
import type { MemoryPoint } from '../../src/memory/index.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { lookAtOne } from '../../src/orchestrator/look.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { resume } from '../../src/orchestrator/resume.ts'
import { status } from '../../src/orchestrator/status.ts'
import { currentOwner } from '../../src/process-owner.ts'
import type { RecordChange } from '../../src/registry/record.ts'
import { useFixtures } from '../harness/fixture.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
const fixtures = useFixtures(scope)
const LONG_AGO = '2020-01-01T00:00:00.000Z'
const GONE = { ...currentOwner(), startTime: '1' }
const GO_ON = expect.stringContaining('Go on with your task')
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('resume() of an agent whose program ended', () => {
  it.each([
    ['by itself', '[[exit: 3]]', () => {}, 'PROCESS_FAILED'],
    ['with its server', '[[answer: half]]', () => place.server.kill(), 'SERVER_OVER'],
  ] as const)('%s starts it again and tells it to go on, and gives no task again', async (_, task, end, code) => {
    const { orch, id } = await place.spawn(task)
    end()
    expect(await look()).toMatchObject({ reason: { code } })
    expect(await one(orch, id)).toMatchObject({
      ...{ ok: true, restarted: true, stopped: { code }, error: null },
      receipt: { delivery: 'confirmed' },
    })
    expect(place.server.received(id)).toEqual([expect.stringContaining(task), GO_ON])
    expect(await look()).toMatchObject({ id, state: 'idle', exit: null })
  })

  it('says what it would do, and does nothing', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    expect(await one(orch, id, { dryRun: true })).toMatchObject({ ok: true, restarted: true, receipt: null })
    expect((await orch.registry.get(id))?.record).not.toHaveProperty('resuming')
    expect(await look()).toMatchObject({ state: 'failed', exit: { code: 3 } })
  })

  it('again and again goes on each time', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    await resume(orch, [id], { message: '[[exit: 4]]' })
    expect(await look()).toMatchObject({ state: 'failed', exit: { code: 4 } })
    expect(await one(orch, id)).toMatchObject({ ok: true, restarted: true })
    expect(place.server.received(id)).toHaveLength(3)
  })

  it('by four processes at once is done by one, and the others say so', async () => {
    const { id } = await place.spawn('[[exit: 3]]')
    const all = await Promise.all(Array.from({ length: 4 }, () => start(undefined, 100)))
    for (const process of all) process.tell(`resume ${id}`)
    const results = await Promise.all(all.map((process) => process.answer<ResumeDocument['results'][number]>()))
    expect(results.filter(({ restarted }) => restarted)).toHaveLength(1)
    // One that comes so late that the agent rests again tells it to go on, as it would any other.
    const told = results.filter(({ ok }) => ok)
    for (const { error, receipt } of results.filter(({ ok }) => !ok))
      expect(['BUSY', 'NOT_STOPPED', 'RESUMING']).toContain(error?.code ?? receipt?.reason?.code)
    expect(place.server.received(id).slice(1)).toEqual(told.map(() => GO_ON))
    expect(await look()).toMatchObject({ state: 'idle' })
  })

  it('that cannot go on with a conversation is refused with the next thing to do', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]', { memory: { without: ['resume'] } })
    for (const dryRun of [true, false])
      expect(await one(orch, id, { dryRun })).toMatchObject({
        ...{ ok: false, restarted: false, receipt: null },
        error: { code: 'UNSUPPORTED', hint: expect.stringContaining(`orch abandon ${id}`) },
      })
  })

  it('and that is done, closed, or being ended is refused with the reason', async () => {
    const { orch, id } = await place.spawn('[[exit: 0]]')
    const page = join((await look()).workspace, 'WORKSPACE.md')
    appendFileSync(page, '\nPhase: Complete\n')
    expect(await one(orch, id)).toMatchObject({ ok: false, receipt: { reason: { code: 'DONE' } } })
    await change(id, { ending: 'completed' })
    expect(await one(orch, id)).toMatchObject({ ok: false, receipt: { reason: { code: 'ENDING' } } })
    await complete(orch, [id])
    expect(await one(orch, id)).toMatchObject({ ok: false, receipt: { reason: { code: 'CLOSED' } } })
    expect(place.server.received(id)).toHaveLength(1)
  })

  it('says what the backend refused, and may be tried again', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    place.server.freeze()
    const frozen = place.open({ memory: { deadlineMs: 1 } })
    expect(await one(await frozen, id)).toMatchObject({ ok: false, restarted: false })
    place.server.thaw()
    expect(await one(orch, id)).toMatchObject({ ok: true, restarted: true })
  })
})

describe('after kill -9 of the process that resumes', () => {
  it('before anything was made, the agent is as it was, and can be resumed at once', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    await dieAt('resume:before', id)
    expect(await look()).toMatchObject({ state: 'starting', reason: { code: 'RESUMING' } })
    expect(await one(orch, id)).toMatchObject({ ok: true, restarted: true })
    expect(place.server.received(id)).toHaveLength(2)
  })

  it('before anything was made, it has failed again once that cannot turn up any more', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    await dieAt('resume:before', id)
    expect((await send(orch, id, 'x')).receipt).toMatchObject({ delivery: 'refused', reason: { code: 'RESUMING' } })
    await change(id, { resuming: { owner: GONE, at: LONG_AGO } })
    expect(await look()).toMatchObject({ state: 'failed', exit: { code: 3 } })
  })

  it('after it was made, status adopts it, and resume tells it to go on', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    await dieAt('resume:after', id)
    await change(id, { resuming: { owner: GONE, at: LONG_AGO } })
    expect(await look()).toMatchObject({ state: 'idle', exit: null })
    expect(place.server.received(id)).toHaveLength(1)
    expect(await one(orch, id)).toMatchObject({ ok: true, restarted: false, receipt: { delivery: 'confirmed' } })
    expect(place.server.received(id)).toEqual([expect.anything(), GO_ON])
  })

  it('after it was made, abandon ends what was made', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    await dieAt('resume:after', id)
    await change(id, { resuming: { owner: GONE, at: LONG_AGO } })
    expect((await abandon(orch, [id])).results).toMatchObject([{ ok: true }])
    expect(place.server.agents()).toEqual([])
  })
})

describe('while a process resumes an agent', () => {
  it('abandon and complete of it say that another process is at it', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    await change(id, { resuming: { owner: currentOwner(), at: new Date().toISOString() } })
    for (const { results } of [await abandon(orch, [id]), await complete(orch, [id], { force: true })])
      expect(results).toMatchObject([{ ok: false, error: { code: 'BUSY', retryable: true } }])
    expect(await one(orch, id)).toMatchObject({ ok: false, error: { code: 'BUSY' } })
  })

  it('an end that was begun before does not close its record', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    const stopping = await place.open({
      memory: {
        barrier: async (point) => {
          if (point === 'stop:after') await change(id, { resumedAt: LONG_AGO })
        },
      },
    })
    expect((await abandon(stopping, [id])).results).toMatchObject([{ ok: false, error: { code: 'BUSY' } }])
    expect(await orch.registry.get(id)).toMatchObject({ closed: false })
  })

  it('a look that began before keeps nothing of the run that is over', async () => {
    const { orch, id } = await place.spawn('[[answer: x]]')
    const before = await orch.registry.get(id)
    place.server.exit(id, { code: 3, signal: null })
    await change(id, { resumedAt: LONG_AGO })
    await lookAtOne(orch, before as NonNullable<typeof before>)
    expect(await orch.registry.get(id)).toMatchObject({ record: { exit: null } })
  })
})

/** The result of the one agent. */
async function one(orch: Orch, id: string, options = {}): Promise<ResumeDocument['results'][number]> {
  const { results } = await resume(orch, [id], options)
  expect(results).toHaveLength(1)
  return results[0] as ResumeDocument['results'][number]
}

/** The one agent of this place, as a new process sees it. */
async function look(): Promise<Agent> {
  const { agents } = await status(await place.open())
  expect(agents).toHaveLength(1)
  return agents[0] as Agent
}

async function change(id: string, set: RecordChange): Promise<void> {
  const { registry } = await place.open()
  const stored = await registry.get(id)
  await registry.append(id, stored?.revision ?? 0, { type: 'changed', set })
}

function start(point?: MemoryPoint, delayMs = 0): ReturnType<typeof fixtures.start> {
  const { project, env, server } = place
  const words = [project, env.HOME as string, server.store.name, `${delayMs}`]
  return fixtures.start('orch-process', point === undefined ? words : [...words, point])
}

async function dieAt(point: MemoryPoint, id: string): Promise<void> {
  const process = await start(point)
  process.tell(`resume ${id}`)
  expect((await process.ended).signal).toBe('SIGKILL')
}
