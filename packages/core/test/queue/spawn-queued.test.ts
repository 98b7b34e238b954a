import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Agent } from '../../src/agent.ts'
import type { SpawnDocument } from '../../src/documents.ts'
import { OrchError } from '../../src/errors.ts'
import type { MemoryPoint } from '../../src/memory/index.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { check } from '../../src/orchestrator/check.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { resume } from '../../src/orchestrator/resume.ts'
import { status } from '../../src/orchestrator/status.ts'
import { wait } from '../../src/orchestrator/wait.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { tail } from '../../src/transcript/tail.ts'
import { type Fixture, useFixtures } from '../harness/fixture.ts'
import { collect, createPlace, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
const fixtures = useFixtures(scope)
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('spawn() with maxParallel', () => {
  it('starts at once while a place is free, and queues the next one with its number and why', async () => {
    expect(await limited('a', 1)).toMatchObject({ state: 'working', pending: null })
    const orch = await place.open()
    const document = await spawn(orch, { task: HANG, name: 'b', maxParallel: 1 })
    expect(document).toMatchObject({
      created: true,
      prompt: { delivery: 'queued', reason: { code: 'WAITS_FOR_START' }, messageId: null },
      agent: {
        state: 'queued',
        lifecycle: 'queued',
        reason: { code: 'PLACES_TAKEN', text: expect.stringMatching(/^The one place is taken, by "a-/) },
        pending: { position: 1, maxParallel: 1, after: [] },
      },
    })
    expect(await limited('c', 1)).toMatchObject({ state: 'queued', pending: { position: 2 } })
    expect(place.server.agents()).toHaveLength(1)
    expect(readFileSync(join(document.agent.workspace, 'SPAWN_CONTEXT.md'), 'utf8')).toContain(HANG)
  })

  it('takes the limit of the configuration where the caller gives none; 0 needs no place', async () => {
    mkdirSync(join(place.project, '.orch'))
    writeFileSync(join(place.project, '.orch', 'config.json'), JSON.stringify({ maxParallel: 1 }))
    for (const name of ['a', 'b']) await spawn(await place.open(), { task: HANG, name })
    await spawn(await place.open(), { task: HANG, name: 'c', maxParallel: 0 })
    expect(await states()).toEqual({ a: 'working', b: 'queued', c: 'working' })
  })

  it.each([-1, 1.5, 10_001])('refuses %p before anything is made', async (maxParallel) => {
    const orch = await place.open()
    await expect(spawn(orch, { task: 'x', maxParallel })).rejects.toMatchObject({ code: 'USAGE' })
    expect(await orch.registry.ids('open')).toEqual([])
  })

  it.each([
    ['idle', (id: string) => place.server.finish(id)],
    [
      'done',
      (id: string) => {
        page(id, 'Phase: Complete\n')
        place.server.finish(id)
      },
    ],
    ['exited', (id: string) => place.server.exit(id, { code: 0, signal: null })],
    ['failed', (id: string) => place.server.exit(id, { code: 1, signal: null })],
    ['abandoned', async (id: string) => abandon(await place.open(), [id])],
    ['completed', async (id: string) => complete(await place.open(), [id], { force: true })],
  ])('gives the place of an agent that is %s to the next one', async (_, end) => {
    const a = await limited('a', 1)
    await limited('b', 1)
    expect(await states()).toMatchObject({ b: 'queued' })
    await end(a.id)
    expect(await states()).toMatchObject({ b: 'working' })
  })

  it('keeps the place of one that waits for an answer, could not be looked at, or has something to do yet', async () => {
    const a = await limited('a', 1, '[[permission: run make]]')
    await limited('b', 1)
    expect(await states()).toMatchObject({ a: 'waiting', b: 'queued' })
    place.server.freeze()
    expect(await states()).toMatchObject({ a: 'unknown', b: 'queued' })
    place.server.thaw()
    await abandon(await place.open(), [a.id])
    expect(await states()).toMatchObject({ b: 'working' })
    const [b = ''] = place.server.agents().filter((id) => id.startsWith('b-'))
    await limited('c', 1)
    await send(await place.open(), b, HANG, { when: 'idle' })
    place.server.finish(b)
    expect(await states()).toMatchObject({ b: 'working', c: 'queued' })
  })

  it('does not count agents that need no place, nor those who spawned the agent', async () => {
    await place.spawn(HANG)
    const parent = await limited('parent', 1)
    const env = { ...place.env, ORCH_AGENT_ID: parent.id }
    const { agent } = await spawn(await place.open({ env }), { task: HANG, name: 'child', maxParallel: 1 })
    expect(agent).toMatchObject({ state: 'working', parent: parent.id })
    expect(await limited('other', 1)).toMatchObject({ state: 'queued' })
  })

  it.each([
    ['was ended', () => place.project],
    ['works in another project', () => join(place.folder, 'other')],
  ])('does not count who spawned the one that spawned the agent, where that one %s', async (how, directory) => {
    mkdirSync(directory(), { recursive: true })
    const as = (id: string): PlaceOptions => ({ env: { ...place.env, ORCH_AGENT_ID: id } })
    const { id: top } = await limited('top', 1)
    const between = await spawn(await place.open({ ...as(top), directory: directory() }), {
      task: HANG,
      name: 'between',
    })
    if (how === 'was ended') await abandon(await place.open(), [between.agent.id])
    const below = await spawn(await place.open(as(between.agent.id)), { task: HANG, name: 'below', maxParallel: 1 })
    expect(below.agent).toMatchObject({ state: 'working', parent: between.agent.id })
    expect(await limited('other', 1)).toMatchObject({ state: 'queued' })
  })

  it('goes first come first, by the record and not by the id', async () => {
    const a = await limited('a', 1)
    for (const name of ['z', 'y', 'x']) await limited(name, 1)
    expect(Object.keys(await states())).toEqual(['a', 'z', 'y', 'x'])
    expect((await status(await place.open())).agents[2]?.reason.text).toMatch(
      /^The one place is taken, by "a-\S+"; it is number 2 in the queue$/,
    )
    place.server.finish(a.id)
    expect(await states()).toMatchObject({ z: 'working', y: 'queued', x: 'queued' })
  })

  it('brings the answer with wait, which drives the queue on', async () => {
    const a = await limited('a', 1)
    const waiting = spawn(await place.open(), { task: '[[answer: 42]]', name: 'b', maxParallel: 1, wait: true })
    await eventually(async () => (await states()).b === 'queued')
    place.server.finish(a.id)
    expect(await waiting).toMatchObject({ outcome: 'met', answer: { text: '42' }, prompt: { delivery: 'confirmed' } })
  })

  it('finds the one with its key in the queue, and adds none', async () => {
    await limited('a', 1)
    const first = await spawn(await place.open(), { task: HANG, key: 'k', maxParallel: 1 })
    const again = await spawn(await place.open(), { task: HANG, key: 'k', maxParallel: 1 })
    expect(again).toMatchObject({ created: false, agent: { id: first.agent.id, state: 'queued' } })
  })

  it('says why it cannot be started: what was provably not made has failed, its task stays', async () => {
    const orch = await place.open({ wrap: refusing('PROGRAM_MISSING', false) })
    await expect(spawn(orch, { task: 'x', name: 'a', maxParallel: 1 })).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      outcome: 'partial',
    })
    const [agent] = (await status(await place.open())).agents
    expect(agent).toMatchObject({ state: 'failed', lifecycle: 'failed', reason: { code: 'PROGRAM_MISSING' } })
    expect(readFileSync(join(agent?.workspace ?? '', 'SPAWN_CONTEXT.md'), 'utf8')).toContain('x')
    expect(await limited('b', 1)).toMatchObject({ state: 'working' })
  })

  it('stays queued where the next try may go well, and is tried again once nothing can turn up', async () => {
    await spawn(await place.open(), { task: HANG, name: 'other' })
    const { agent } = await spawn(await place.open({ wrap: refusing('BACKEND_UNREACHABLE', true) }), {
      task: HANG,
      name: 'a',
      maxParallel: 1,
    })
    expect(agent).toMatchObject({ state: 'queued', reason: { code: 'BACKEND_UNREACHABLE' } })
    expect(agent.reason.text).toContain('whoever looks next tries again')
    expect(await states()).toMatchObject({ a: 'queued' })
    await letTimePass(agent.id)
    expect(await states()).toMatchObject({ a: 'working' })
    expect(place.server.received(agent.id)).toHaveLength(1)
  })
})

describe('spawn() after another agent', () => {
  it('starts once that is done, and says what it waits for until then', async () => {
    const a = (await place.spawn(HANG)).id
    const b = await after(a)
    expect(b).toMatchObject({
      state: 'queued',
      reason: { code: 'DEPENDENCY_OPEN', text: `It starts once "${a}" is done; it is working` },
      pending: { position: 1, maxParallel: null, after: [{ agent: a, state: 'done' }] },
    })
    place.server.finish(a)
    expect(await look(b.id)).toMatchObject({ state: 'queued' })
    page(a, 'Phase: Complete\n')
    expect(await look(b.id)).toMatchObject({ state: 'working' })
  })

  it('counts who was completed, and with idle also who is done', async () => {
    const { orch, id } = await place.spawn('x')
    expect(await after(id, 'idle')).toMatchObject({ state: 'working' })
    page(id, 'Phase: Complete\n')
    expect(await after(id, 'idle')).toMatchObject({ state: 'working' })
    await complete(orch, [id])
    expect(await after(id)).toMatchObject({ state: 'working' })
  })

  it('refuses what is unknown, or ended otherwise for good, or no state to wait for', async () => {
    const { orch, id } = await place.spawn(HANG)
    const tried = (agent: string, state?: never): Promise<unknown> =>
      spawn(orch, { task: 'x', after: [{ agent, state }] })
    await expect(tried('nobody')).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
    for (const state of ['unknown', 'queued', 'nonsense'])
      await expect(tried(id, state as never)).rejects.toMatchObject({ code: 'USAGE' })
    await abandon(orch, [id])
    await expect(tried(id)).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED', agent: id })
    expect(await orch.registry.ids('open')).toEqual([])
  })

  it('waits in vain, and says so, while that one has failed, and so does who comes after it; it starts once that is mended', async () => {
    const { orch, id: a } = await place.spawn('[[error: no]]')
    const b = await after(a)
    const c = await after(b.id)
    expect(b).toMatchObject({ state: 'queued', reason: { code: 'DEPENDENCY_FAILED' } })
    expect(c.reason).toEqual({
      code: 'DEPENDENCY_FAILED',
      text: `It starts once "${b.id}" is done, and it waits in vain itself`,
    })
    await spawn(orch, { task: HANG, maxParallel: 1 })
    const { agent: next } = await spawn(orch, { task: HANG, maxParallel: 1 })
    expect(next.pending?.position).toBe(1)
    expect(next.reason.text).toContain('it is number 1 in the queue')
    expect((await look(b.id))?.pending?.position).toBe(2)
    expect(await wait(orch, [c.id])).toMatchObject({ outcome: 'failed', agents: [{ agent: { id: c.id } }] })
    await send(orch, a, HANG)
    expect(await look(b.id)).toMatchObject({ state: 'queued', reason: { code: 'DEPENDENCY_OPEN' } })
    page(a, 'Phase: Complete\n')
    place.server.finish(a)
    expect(await look(b.id)).toMatchObject({ state: 'working' })
  })

  it('has failed once that was closed otherwise, or its record is gone', async () => {
    const { orch, id: a } = await place.spawn(HANG)
    const { id: gone } = await place.spawn(HANG)
    const [b, c] = [await after(a), await after(gone)]
    await abandon(orch, [a])
    rmSync(place.recordFile(gone))
    for (const { id } of [b, c])
      expect(await look(id)).toMatchObject({
        state: 'failed',
        lifecycle: 'failed',
        reason: { code: 'DEPENDENCY_FAILED' },
      })
    expect(await wait(orch, [b.id])).toMatchObject({ outcome: 'failed' })
    const { results } = await abandon(orch, [b.id])
    expect(results[0]?.stop?.evidence[0]?.detail).toBe('it was queued and never started')
  })

  it('says that an agent which does not show its turns is never seen idle', async () => {
    const { id } = await place.spawn(HANG, { memory: { without: ['turns'] } })
    const orch = await place.open({ memory: { without: ['turns'] } })
    const { agent } = await spawn(orch, { task: 'x', after: [{ agent: id, state: 'idle' }] })
    expect(agent.reason).toMatchObject({
      code: 'DEPENDENCY_FAILED',
      text: expect.stringContaining('does not show its turns'),
    })
  })
})

describe('a key of an agent that comes after another one', () => {
  const again = async (after: readonly string[]): Promise<unknown> =>
    spawn(await place.open(), { task: HANG, key: 'k', after: after.map((agent) => ({ agent, state: 'idle' })) })

  it('gives that agent, also when the other one has ended otherwise since, or its record is gone', async () => {
    const { orch, id: a } = await place.spawn('x')
    const made = (await again([a])) as SpawnDocument
    expect(made).toMatchObject({ created: true, agent: { state: 'working' } })
    await abandon(orch, [a])
    const same = { created: false, agent: { id: made.agent.id, state: 'working' } }
    expect(await again([a])).toMatchObject(same)
    await orch.registry.remove(a)
    expect(await again([a])).toMatchObject(same)
    expect(place.server.received(made.agent.id)).toHaveLength(1)
  })

  it('says why it can never be started, and starts that agent once it is asked for without', async () => {
    const { orch, id: a } = await place.spawn(HANG)
    const { agent } = (await again([a])) as SpawnDocument
    expect(agent.state).toBe('queued')
    await abandon(orch, [a])
    const error = { code: 'DEPENDENCY_FAILED', message: expect.stringContaining('it was abandoned') }
    await expect(again([a])).rejects.toMatchObject({ ...error, agent: agent.id, outcome: 'partial' })
    await expect(again([a])).rejects.toMatchObject({ ...error, agent: a, outcome: 'none' })
    expect(await again([])).toMatchObject({ created: false, agent: { id: agent.id, state: 'working' } })
    expect(place.server.received(agent.id)).toHaveLength(1)
  })
})

describe('an agent that is queued', () => {
  it('takes no message, shows nothing and is not resumed', async () => {
    await limited('a', 1)
    const { id } = await limited('b', 1)
    const orch = await place.open()
    expect((await send(orch, id, 'x')).receipt).toMatchObject({ delivery: 'refused', reason: { code: 'QUEUED' } })
    expect((await send(orch, id, 'x', { when: 'idle' })).receipt).toMatchObject({ reason: { code: 'QUEUED' } })
    await expect(collect(tail(orch, id))).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
    expect((await resume(orch, [id])).results).toMatchObject([{ ok: false, receipt: { reason: { code: 'QUEUED' } } }])
    expect((await complete(orch, [id])).results).toMatchObject([{ ok: false }])
    expect(await check(orch, id)).toMatchObject({ agent: { state: 'queued', pending: { position: 1 } }, tail: [] })
  })

  it('is abandoned at once, and nobody starts it any more', async () => {
    const a = await limited('a', 1)
    const b = await limited('b', 1)
    const orch = await place.open()
    const { results } = await abandon(orch, [b.id])
    expect(results).toMatchObject([
      { ok: true, stop: { proven: true, evidence: [{ detail: 'it was queued and never started' }] } },
    ])
    place.server.finish(a.id)
    expect(await states()).toEqual({ a: 'idle' })
    expect(place.server.agents()).toEqual([a.id])
  })

  it('is not started while its end is begun and not finished', async () => {
    const a = await limited('a', 1)
    const b = await limited('b', 1)
    const orch = await place.open()
    const { revision = 0 } = (await orch.registry.get(b.id)) ?? {}
    await orch.registry.append(b.id, revision, { type: 'ending', set: { ending: 'abandoned' } })
    place.server.finish(a.id)
    expect(await look(b.id)).toMatchObject({ state: 'queued', reason: { code: 'ENDING' } })
    expect((await abandon(orch, [b.id])).results).toMatchObject([{ ok: true }])
  })

  it('is started by check, by wait for another agent, and by wait for itself', async () => {
    const all = []
    for (const name of ['a', 'b', 'c', 'd']) all.push(await limited(name, 1))
    const [a, b, c, d] = all.map(({ id }) => id) as [string, string, string, string]
    place.server.finish(a)
    expect((await check(await place.open(), b)).agent).toMatchObject({ state: 'working' })
    place.server.finish(b)
    expect(await wait(await place.open(), [a], { until: ['idle'] })).toMatchObject({ outcome: 'met' })
    await eventually(() => place.server.agents().includes(c))
    const waiting = wait(await place.open(), [d], { until: ['idle'] })
    place.server.finish(c)
    await eventually(() => place.server.agents().includes(d))
    place.server.finish(d)
    expect(await waiting).toMatchObject({ outcome: 'met', agents: [{ agent: { id: d, state: 'idle' } }] })
  })

  it('is not started by a look while its server is down; wait starts that', async () => {
    const knobs: PlaceOptions = { memory: { survives: true } }
    const a = (await spawn(await place.open(knobs), { task: HANG, name: 'a', maxParallel: 1 })).agent
    const b = (await spawn(await place.open(knobs), { task: HANG, name: 'b', maxParallel: 1 })).agent
    place.server.kill()
    expect((await status(await place.open(knobs))).agents.map(({ id, reason }) => [id, reason.code])).toEqual([
      [a.id, 'INTERRUPTED'],
      [b.id, 'SERVER_DOWN'],
    ])
    const waiting = wait(await place.open(knobs), [b.id], { until: ['idle'] })
    await eventually(() => place.server.agents().includes(b.id))
    place.server.finish(b.id)
    expect(await waiting).toMatchObject({ outcome: 'met' })
  })

  it('has failed when its task is gone from its workspace', async () => {
    const a = await limited('a', 1)
    const b = await limited('b', 1)
    rmSync(join(b.workspace, 'SPAWN_CONTEXT.md'))
    place.server.finish(a.id)
    expect(await look(b.id)).toMatchObject({ state: 'failed', reason: { code: 'WORKSPACE_GONE' } })
  })

  it('waits, and takes no place, while its workspace is away or cannot be read', async () => {
    const a = await limited('a', 1)
    const b = await limited('b', 1)
    const c = await limited('c', 1)
    const away = `${b.workspace}-away`
    renameSync(b.workspace, away)
    place.server.finish(a.id)
    const { agents } = await status(await place.open())
    expect(agents.find(({ id }) => id === c.id)?.state).toBe('working')
    expect(agents.find(({ id }) => id === b.id)).toMatchObject({ state: 'queued', reason: { code: 'PLACES_TAKEN' } })
    place.server.finish(c.id)
    expect(await look(b.id)).toMatchObject({
      state: 'queued',
      reason: { code: 'PROJECT_NOT_FOUND', text: expect.stringContaining(`"orch abandon ${b.id}"`) },
    })
    renameSync(away, b.workspace)
    const context = join(b.workspace, 'SPAWN_CONTEXT.md')
    renameSync(context, away)
    symlinkSync(away, context)
    expect(await look(b.id)).toMatchObject({ state: 'queued', reason: { text: expect.stringContaining('ELOOP') } })
    renameSync(away, context)
    expect(await states()).toMatchObject({ b: 'working' })
  })

  it('waits for one whose record cannot be read, and says so; nobody else does', async () => {
    const a = await limited('a', 1)
    const { id: broken } = await place.spawn(HANG)
    const b = await limited('b', 1)
    const c = await after(broken)
    const d = await after(a.id, 'idle')
    for (const id of [a.id, broken]) writeFileSync(place.recordFile(id), 'no record\n')
    expect(await look(c.id)).toMatchObject({
      state: 'queued',
      reason: { code: 'DEPENDENCY_OPEN', text: expect.stringContaining('Cannot read the record') },
    })
    expect((await look(b.id)).reason.text).toContain(`by "${a.id}", whose record cannot be read`)
    expect(await look(d.id)).toMatchObject({ state: 'queued', reason: { code: 'DEPENDENCY_OPEN' } })
    expect((await spawn(await place.open(), { task: HANG, name: 'e', maxParallel: 2 })).agent.state).toBe('working')
  })
})

describe('a look from an environment that lacks what agents need', () => {
  it('leaves them queued with the reason, after one try; the next one from another environment starts them', async () => {
    const { id: x } = await place.spawn(HANG)
    for (const name of ['a', 'b', 'c', 'd'])
      await spawn(await place.open(), { task: HANG, name, maxParallel: 2, after: [{ agent: x, state: 'idle' }] })
    place.server.finish(x)
    const tried: string[] = []
    const poor: PlaceOptions = { wrap: refusing('PROGRAM_MISSING', false, tried) }
    for (let round = 0; round < 3; round++) {
      const { agents } = await status(await place.open(poor))
      const queued = agents.filter(({ state }) => state === 'queued')
      expect(queued.map(({ reason }) => reason.code)).toEqual(Array(4).fill('PROGRAM_MISSING'))
      expect(queued[0]?.reason.text).toMatch(/^Cannot create: no\. Install it; whoever looks next tries again$/)
    }
    expect(tried).toEqual([expect.stringMatching(/^a-/)])
    await letTimePass(tried[0] as string)
    await status(await place.open(poor))
    expect(tried.map((id) => id.replace(/-.*/, ''))).toEqual(['a', 'b'])
    for (const id of tried) await letTimePass(id)
    expect(await states()).toMatchObject({ a: 'queued', b: 'queued', c: 'working', d: 'working' })
    for (const id of place.server.agents()) place.server.finish(id)
    expect(await states()).toMatchObject({ a: 'working', b: 'working', c: 'idle', d: 'idle' })
    for (const id of place.server.agents()) expect(place.server.received(id)).toHaveLength(1)
  })

  it('that cannot load their backend leaves them queued, and takes no place for them', async () => {
    const a = await limited('a', 1)
    const b = await limited('b', 1)
    await complete(await place.open(), [a.id], { force: true })
    const claims = (): number => readdirSync(join(place.state, 'claims')).length
    const before = claims()
    const poor = await place.open({ wrap: unloadable })
    expect((await status(poor)).agents).toMatchObject([{ id: b.id, reason: { code: 'BACKEND_INVALID' } }])
    const waited = await wait(poor, [b.id], { timeoutMs: 100 })
    expect(waited).toMatchObject({ outcome: 'timeout', agents: [{ agent: { reason: { code: 'BACKEND_INVALID' } } }] })
    expect(claims()).toBe(before)
    const c = await limited('c', 1)
    expect(await states()).toMatchObject({ b: 'working', c: 'queued' })
    expect((await abandon(poor, [c.id])).results).toMatchObject([{ ok: true, stop: { proven: true } }])
  })
})

describe('a place', () => {
  it('is free again when its agent provably could not be started, for whoever comes next', async () => {
    const a = await limited('a', 1)
    await limited('b', 1)
    await spawn(await place.open(), { task: HANG, name: 'c', maxParallel: 1 })
    place.server.finish(a.id)
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      create: async (request, signal) => {
        if (request.id.startsWith('b-')) throw new OrchError('BUSY', 'Cannot create: no', { retryable: true })
        return await backend.create(request, signal)
      },
    })
    await status(await place.open({ wrap }))
    expect(await states()).toEqual({ a: 'idle', b: 'queued', c: 'working' })
  })
})

describe('what a power loss left', () => {
  it('of the list of places, cut at any byte, gives no place twice and holds up nobody', async () => {
    const a = await limited('a', 2)
    const b = await limited('b', 2)
    await limited('c', 2)
    const orch = await place.open()
    await abandon(orch, [b.id])
    expect(await states()).toEqual({ a: 'working', c: 'working' })
    await limited('d', 2)
    for (let bytes = 0; ; bytes++) {
      const { content = '', place: file = '' } = orch.claims.latest(`places\0${orch.project}`) ?? {}
      if (bytes === content.length) break
      writeFileSync(file, content.slice(0, bytes))
      expect([bytes, await states()]).toEqual([bytes, { a: 'working', c: 'working', d: 'queued' }])
      writeFileSync(file, content)
    }
    writeFileSync(orch.claims.latest(`places\0${orch.project}`)?.place ?? '', '')
    place.server.finish(a.id)
    expect(await states()).toEqual({ a: 'idle', c: 'working', d: 'working' })
  })

  it('of an empty task starts nobody with nothing to do', async () => {
    const a = await limited('a', 1)
    const b = await limited('b', 1)
    writeFileSync(join(b.workspace, 'SPAWN_CONTEXT.md'), '')
    place.server.finish(a.id)
    expect(await look(b.id)).toMatchObject({ state: 'failed', reason: { code: 'WORKSPACE_GONE' } })
    expect(place.server.agents()).toEqual([a.id])
  })
})

describe('a clock that jumps by an hour', () => {
  it.each([-3_600_000, 3_600_000])(
    'by %d ms takes no place twice, starts nobody twice and holds up nobody',
    async (by) => {
      const a = await limited('a', 1)
      const b = await limited('b', 1)
      shiftClock(by)
      const c = await limited('c', 1)
      expect(await states()).toMatchObject({ a: 'working', b: 'queued', c: 'queued' })
      place.server.finish(a.id)
      expect(Object.values(await states()).toSorted()).toEqual(['idle', 'queued', 'working'])
      for (const id of place.server.agents()) place.server.finish(id)
      expect(Object.values(await states()).toSorted()).toEqual(['idle', 'idle', 'working'])
      expect([b, c].map(({ id }) => place.server.received(id).length)).toEqual([1, 1])
      for (const id of place.server.agents()) place.server.finish(id)
      const [d, e] = [await limited('d', 1), await limited('e', 1)]
      place.server.finish(d.id)
      shiftClock(-by)
      await dieAt('create:before')
      expect(await look(e.id)).toMatchObject({ state: 'queued', reason: { code: 'TRIED_BEFORE' } })
      shiftClock(-2 * by)
      await eventually(async () => (await states()).e === 'working')
      expect(place.server.received(e.id)).toHaveLength(1)
    },
  )
})

describe('of 20 processes', () => {
  it('that spawn at once with 3 places, and then look at once, never more than 3 are started, each exactly once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => start(0)))
    await atOnce(all, 'ready')
    const ids = (await atOnce(all, `limited ${HANG}`)) as string[]
    expect(new Set(ids).size).toBe(20)
    const finished: string[] = []
    while (finished.length < 20) {
      const running = place.server.agents().filter((id) => !finished.includes(id))
      expect(running).toHaveLength(Math.min(3, 20 - finished.length))
      place.server.finish(running[0] as string)
      finished.push(running[0] as string)
      await atOnce(all.slice(0, 6), 'status')
    }
    expect(place.server.agents().toSorted()).toEqual(ids.toSorted())
    expect(ids.map((id) => place.server.received(id).length)).toEqual(ids.map(() => 1))
  })

  it('two that would take the last place for different agents do not both get it', async () => {
    await limited('a', 2)
    const { id: x } = await place.spawn(HANG)
    const after = [{ agent: x, state: 'idle' as const }]
    await spawn(await place.open(), { task: HANG, name: 'c', maxParallel: 2, after })
    let done = false
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      async observe(...args) {
        const result = await backend.observe(...args)
        if (done) return result
        done = true
        place.server.finish(x)
        expect(await states()).toMatchObject({ a: 'working', c: 'working' })
        return result
      },
    })
    const { agent } = await spawn(await place.open({ wrap }), { task: HANG, name: 'b', maxParallel: 2 })
    expect(agent).toMatchObject({ state: 'queued', reason: { code: 'PLACES_TAKEN' } })
    expect(await states()).toMatchObject({ a: 'working', b: 'queued', c: 'working' })
  })

  it('that only wait, one drives the queue to its end', async () => {
    const ids: string[] = []
    for (let index = 0; index < 8; index++) ids.push((await limited(`t${index}`, 2, '[[answer: done]]')).id)
    const waiting = await Promise.all(Array.from({ length: 3 }, () => start(0)))
    await atOnce(waiting, 'ready')
    expect(await atOnce(waiting, `wait-all ${ids.join(',')}`)).toEqual(['met', 'met', 'met'])
    expect(ids.map((id) => place.server.received(id).length)).toEqual(ids.map(() => 1))
  })
})

describe('a process that dies while it starts one that is queued', () => {
  it.each(['create:before', 'create:after', 'begin:before', 'begin:after'] as const)(
    'at %s loses nothing and doubles nothing: the next one goes on, and the place is not given away',
    async (point) => {
      const a = await limited('a', 1)
      const b = await limited('b', 1)
      const c = await limited('c', 1)
      place.server.finish(a.id)
      await dieAt(point)
      await eventually(async () => {
        await letTimePass(b.id)
        return (await look(b.id)).state === 'working'
      })
      expect(place.server.received(b.id)).toHaveLength(1)
      expect(await look(c.id)).toMatchObject({ state: 'queued' })
      place.server.finish(b.id)
      expect(await look(c.id)).toMatchObject({ state: 'working' })
    },
  )

  it('leaves it queued with its reason until what it asked for cannot turn up any more', async () => {
    const a = await limited('a', 1)
    const b = await limited('b', 1)
    place.server.finish(a.id)
    await dieAt('create:before')
    for (let round = 0; round < 2; round++)
      expect(await look(b.id)).toMatchObject({ state: 'queued', lifecycle: 'queued' })
    expect(await look(b.id)).toMatchObject({ reason: { code: 'TRIED_BEFORE' } })
    expect(place.server.agents()).toEqual([a.id])
  })
})

const HANG = '[[hang:on]]'
const RealDate = Date

async function limited(name: string, maxParallel: number, task = HANG): Promise<Agent> {
  return (await spawn(await place.open(), { task, name, maxParallel })).agent
}

async function after(agent: string, state?: 'idle'): Promise<Agent> {
  return (await spawn(await place.open(), { task: HANG, name: 'next', after: [{ agent, state }] })).agent
}

async function look(id: string): Promise<Agent> {
  const { agents } = await status(await place.open())
  const agent = agents.find((one) => one.id === id)
  if (agent === undefined) throw new Error(`There is no agent "${id}"`)
  return agent
}

/** The states that a look of a new process shows, by name; that look may start somebody. */
async function states(): Promise<Record<string, string>> {
  const { agents } = await status(await place.open())
  return Object.fromEntries(agents.map(({ id, state }) => [id.replace(/-.*/, ''), state]))
}

function refusing(
  code: 'PROGRAM_MISSING' | 'BACKEND_UNREACHABLE',
  retryable: boolean,
  tried: string[] = [],
): NonNullable<PlaceOptions['wrap']> {
  return (backend) => ({
    ...backend,
    create: async ({ id }) => {
      tried.push(id)
      throw new OrchError(code, 'Cannot create: no', { retryable, hint: 'Install it' })
    },
  })
}

/** From now on this process reads a time that is off by so much. */
function shiftClock(byMs: number): void {
  globalThis.Date = class extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      if (given[0] === undefined) super(RealDate.now() + byMs)
      else super(given[0])
    }

    static override now(): number {
      return RealDate.now() + byMs
    }
  } as DateConstructor
  scope.defer(() => {
    globalThis.Date = RealDate
  })
}

function unloadable(): never {
  throw new OrchError('BACKEND_INVALID', 'Cannot load the backend: no')
}

/** Lets so much time pass that what a dead process asked for has turned up or never will. */
async function letTimePass(id: string): Promise<void> {
  const file = place.recordFile(id)
  const aged = readFileSync(file, 'utf8').replaceAll(/"(triedAt|failedAt|beginAt)":"20\d\d-/g, '"$1":"2020-')
  writeFileSync(file, aged)
}

function page(id: string, text: string): void {
  writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), text)
}

function start(delayMs: number, point?: MemoryPoint): Promise<Fixture> {
  const home = join(place.folder, 'home')
  const args = [place.project, home, join(place.folder, 'server'), String(delayMs), ...(point ? [point] : [])]
  return fixtures.start('orch-process', args)
}

async function atOnce(all: readonly Fixture[], line: string): Promise<unknown[]> {
  for (const one of all) one.tell(line)
  return await Promise.all(all.map((one) => one.answer()))
}

async function dieAt(point: MemoryPoint): Promise<void> {
  const dying = await start(0, point)
  dying.tell('status')
  expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' })
}
