import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Agent } from '../../src/agent.ts'
import type { CreateRequest } from '../../src/backend.ts'
import { OrchError } from '../../src/errors.ts'
import type { MemoryPoint } from '../../src/memory/index.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { check } from '../../src/orchestrator/check.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { status } from '../../src/orchestrator/status.ts'
import { wait } from '../../src/orchestrator/wait.ts'
import { currentOwner } from '../../src/process-owner.ts'
import type { AgentRecord, RecordChange } from '../../src/registry/record.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { type Fixture, useFixtures } from '../harness/fixture.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
const fixtures = useFixtures(scope)
const ID = 'half-made-7k3q'
const GONE = { ...currentOwner(), startTime: '1' }
const LONG_AGO = '2020-01-01T00:00:00.000Z'
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('after kill -9 of the spawning process', () => {
  it('before the backend made anything, the spawn has failed', async () => {
    await dieAt('create:before')
    expect(await look()).toMatchObject({ lifecycle: 'failed', state: 'failed', reason: { code: 'SPAWN_DIED' } })
    expect(place.server.agents()).toEqual([])
  })

  it('after the backend made it and before that was recorded, it is begun once', async () => {
    await dieAt('create:after')
    const agent = await look()
    expect(agent).toMatchObject({ lifecycle: 'active', state: 'idle' })
    expect(place.server.received(agent.id)).toEqual([expect.stringMatching(/^the-task\n/)])
    expect(await look()).toMatchObject({ id: agent.id, state: 'idle' })
    expect(place.server.received(agent.id)).toHaveLength(1)
  })

  it('just before its task was given, it is begun once, when that task cannot arrive any more', async () => {
    await dieAt('begin:before')
    const agent = await look()
    expect(agent).toMatchObject({ lifecycle: 'spawning', state: 'starting' })
    expect(place.server.received(agent.id)).toEqual([])
    await age(agent.id)
    expect(await look()).toMatchObject({ lifecycle: 'active', state: 'idle' })
    expect(place.server.received(agent.id)).toHaveLength(1)
  })

  it('just after its task was given, it is adopted and not begun again', async () => {
    await dieAt('begin:after')
    const agent = await look()
    expect(agent).toMatchObject({ lifecycle: 'active', state: 'idle' })
    expect(place.server.received(agent.id)).toHaveLength(1)
  })

  it('before it could be made with a key, calls with the key make it once, when it cannot turn up any more', async () => {
    await dieAt('create:before', 'keyed nightly')
    const { id } = await look()
    const said: string[] = []
    const enough = new AbortController()
    const onWait = (why: string): void => {
      said.push(why)
      enough.abort(new Error('Heard'))
    }
    const waiting = spawn(await place.open(), { task: 'x', key: 'nightly', signal: enough.signal, onWait })
    await expect(waiting).rejects.toThrow('Heard')
    expect(said).toEqual([expect.stringContaining(`"${id}" was cut off`)])
    await age(id, { endedAt: LONG_AGO })
    const all = await Promise.all(Array.from({ length: 4 }, () => start(undefined, 100)))
    expect(await atOnce(all, 'keyed nightly')).toEqual([id, id, id, id])
    expect(await look()).toMatchObject({ id, lifecycle: 'active', state: 'idle' })
    expect(place.server.received(id)).toEqual([expect.stringMatching(/^x\n/)])
  })

  it('before it could be made with a key, a call with the key adopts what turns up meanwhile', async () => {
    await dieAt('create:before', 'keyed nightly')
    const { id } = await look()
    const next = await start()
    next.tell('keyed nightly')
    await create(await place.open(), false, id)
    expect(await next.answer()).toBe(id)
    expect(place.server.agents()).toEqual([id])
    expect(await look()).toMatchObject({ id, lifecycle: 'active', state: 'idle' })
    expect(place.server.received(id)).toHaveLength(1)
  })

  it('made it of a call that goes on with a key too, the next one goes on', async () => {
    await dieAt('create:before', 'keyed nightly')
    const { id } = await look()
    await age(id, { endedAt: LONG_AGO })
    await dieAt('create:after', 'keyed nightly')
    const next = await start()
    next.tell('keyed nightly')
    expect(await next.answer()).toBe(id)
    expect(place.server.received(id)).toHaveLength(1)
  })

  it('of 8 processes that recover at once, one begins', async () => {
    await dieAt('create:after')
    const all = await Promise.all(Array.from({ length: 8 }, () => start(undefined, 300)))
    await atOnce(all, 'ready')
    for (const agents of await atOnce(all, 'status')) expect(agents).toHaveLength(1)
    const [id = ''] = place.server.agents()
    expect(place.server.received(id)).toHaveLength(1)
    expect(await look()).toMatchObject({ id, lifecycle: 'active', state: 'idle' })
  })

  it('of a recovering process too, the next one begins, once that can be told', async () => {
    await dieAt('create:after')
    const second = await start('begin:before')
    second.tell('status')
    expect((await second.ended).signal).toBe('SIGKILL')
    const agent = await look()
    expect(place.server.received(agent.id)).toEqual([])
    await age(agent.id)
    expect(await look()).toMatchObject({ state: 'idle' })
    expect(place.server.received(agent.id)).toHaveLength(1)
  })
})

describe('a spawn of a process that', () => {
  it('lives is left alone', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch, { owner: currentOwner() }))
    await create(orch)
    expect(await look()).toMatchObject({ lifecycle: 'spawning', state: 'starting', reason: { code: 'SPAWNING' } })
    expect(place.server.received(ID)).toEqual([])
  })

  it('runs on another host is left alone', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch, { owner: { ...GONE, host: 'elsewhere' } }))
    expect(await look()).toMatchObject({ lifecycle: 'spawning', state: 'starting' })
  })

  it('died before an earlier boot is recovered', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch, { owner: { ...currentOwner(), bootId: 'before' } }))
    expect(await look()).toMatchObject({ lifecycle: 'failed' })
  })
})

describe('recovery', () => {
  it('adopts a failed spawn that turns up later, as it is', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch))
    expect(await look()).toMatchObject({ lifecycle: 'failed' })
    await create(orch)
    expect(await look()).toMatchObject({ lifecycle: 'active', state: 'idle' })
    expect(place.server.received(ID)).toHaveLength(1)
    expect((await status(orch)).orphans).toEqual([])
  })

  it('adopts a failed spawn that turns up begun, and does not begin it again', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch))
    await look()
    await create(orch, true)
    expect(await look()).toMatchObject({ lifecycle: 'active', state: 'idle' })
    expect(place.server.received(ID)).toEqual(['the prompt'])
  })

  it('leaves a spawn as it is while its backend cannot be reached, and goes on afterwards', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch))
    await create(orch)
    place.server.freeze()
    const frozen = await status(orch)
    expect(frozen).toMatchObject({ complete: false, agents: [{ lifecycle: 'spawning', state: 'starting' }] })
    place.server.thaw()
    expect(await look()).toMatchObject({ lifecycle: 'active', state: 'idle' })
  })

  it('shows a placed one as unknown while its backend cannot be reached', async () => {
    const orch = await place.open()
    const handle = await create(orch)
    await orch.registry.create(await half(orch, { handle, beginAt: LONG_AGO }))
    place.server.freeze()
    expect((await status(orch)).agents).toMatchObject([{ lifecycle: 'spawning', state: 'unknown' }])
    place.server.thaw()
    expect(await look()).toMatchObject({ lifecycle: 'active', state: 'idle' })
  })

  it('shows one whose task may or may not have been given, and does not give it', async () => {
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        find: async (...args) => (await backend.find(...args)).map((one) => ({ ...one, begun: 'unknown' as const })),
      }),
    })
    await orch.registry.create(await half(orch))
    await create(orch)
    for (let round = 0; round < 2; round++)
      expect((await status(orch)).agents).toMatchObject([{ lifecycle: 'spawning', state: 'starting' }])
    expect(place.server.received(ID)).toEqual([])
  })

  it('does not begin one whose task is lost', async () => {
    const orch = await place.open()
    const record = await half(orch)
    await orch.registry.create(record)
    rmSync(record.workspace, { recursive: true })
    await create(orch)
    expect(await look()).toMatchObject({ lifecycle: 'spawning', state: 'starting' })
    expect(place.server.received(ID)).toEqual([])
  })

  it('never begins again after a try whose end is not known', async () => {
    const tries: string[] = []
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        begin: async (agent) => {
          tries.push(agent.id)
          throw new OrchError('TIMEOUT', 'Cannot begin: no answer', { outcome: 'unknown' })
        },
      }),
    })
    await orch.registry.create(await half(orch))
    await create(orch)
    await status(orch)
    await age(ID)
    await status(orch)
    expect(tries).toEqual([ID])
  })

  it.each([
    { gives: 'the one that spawned it', before: null },
    { gives: 'another that recovers it', before: LONG_AGO },
  ])('gives no task that $gives was giving since it looked, and died', async ({ before }) => {
    const other = await place.open()
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        find: async (...call) => {
          const found = await backend.find(...call)
          await age(ID, { handle, beginAt: new Date().toISOString() })
          return found
        },
      }),
    })
    const handle = await create(other)
    await other.registry.create(await half(other, before === null ? {} : { handle, beginAt: before }))
    expect((await status(orch)).agents).toMatchObject([{ id: ID, lifecycle: 'spawning' }])
    expect(place.server.received(ID)).toEqual([])
  })

  it('goes on with the others when one of them cannot be gone on with', async () => {
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        begin: (agent, ...rest) => {
          if (agent.id === 'bad-7k3q') throw new OrchError('BACKEND_ERROR', 'Cannot begin: no', { outcome: 'unknown' })
          return backend.begin(agent, ...rest)
        },
      }),
    })
    for (const id of ['aaa-7k3q', 'bad-7k3q', 'zzz-7k3q']) {
      await orch.registry.create(await half(orch, { id }))
      await create(orch, false, id)
    }
    const { agents } = await status(orch)
    expect(Object.fromEntries(agents.map(({ id, lifecycle }) => [id, lifecycle]))).toEqual({
      'aaa-7k3q': 'active',
      'bad-7k3q': 'spawning',
      'zzz-7k3q': 'active',
    })
  })

  it('gives no task to one that is being ended', async () => {
    const orch = await place.open()
    const handle = await create(orch)
    await orch.registry.create(await half(orch, { handle, ending: 'completed' }))
    expect(await look()).toMatchObject({ lifecycle: 'active', state: 'starting', reason: { code: 'ENDING' } })
    expect(place.server.received(ID)).toEqual([])
    expect((await abandon(orch, [ID])).results).toMatchObject([{ id: ID, ok: true, stop: { proven: true } }])
    expect(place.server.agents()).toEqual([])
  })

  it('comes to an end with one that was made and is gone again', async () => {
    const orch = await place.open()
    const backend = await orch.backend('memory')
    const record = await half(orch, { handle: await create(orch), ending: 'completed' })
    await backend.stop(record, AbortSignal.timeout(5_000))
    await orch.registry.create(record)
    expect(await look()).toMatchObject({ lifecycle: 'active', state: 'done' })
    expect((await complete(orch, [ID], { force: true })).results).toMatchObject([{ ok: true, lifecycle: 'completed' }])
  })

  it('is part of wait and check too', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch))
    await create(orch)
    expect((await check(orch, ID)).agent).toMatchObject({ lifecycle: 'active', state: 'idle' })
    await orch.registry.create(await half(orch, { id: 'other-7k3q' }))
    await create(orch, false, 'other-7k3q')
    expect(await wait(orch, ['other-7k3q'], { until: ['idle'] })).toMatchObject({ outcome: 'met' })
  })

  it('does not touch a damaged record', async () => {
    const orch = await place.open()
    await orch.registry.create(await half(orch))
    await orch.registry.append(ID, 1, { type: 'x', set: { model: 'x' } })
    const event = { v: 1, uid: 'u', base: 7, at: '', type: 'x', set: {} }
    writeFileSync(place.recordFile(ID), `\n${JSON.stringify(event)}\n`, { flag: 'a' })
    await create(orch)
    expect((await status(orch)).agents).toMatchObject([{ id: ID, state: 'unknown', revision: '2' }])
    expect(place.server.received(ID)).toEqual([])
  })
})

async function dieAt(point: MemoryPoint, line = 'spawn the-task'): Promise<void> {
  const process = await start(point)
  process.tell(line)
  expect((await process.ended).signal).toBe('SIGKILL')
}

function start(point?: MemoryPoint, delayMs = 0): Promise<Fixture> {
  const { project, env, server } = place
  const words = [project, env.HOME as string, server.store.name, `${delayMs}`]
  return fixtures.start('orch-process', point === undefined ? words : [...words, point])
}

async function atOnce(all: readonly Fixture[], line: string): Promise<unknown[]> {
  for (const fixture of all) fixture.tell(line)
  return await Promise.all(all.map((fixture) => fixture.answer()))
}

/** The one agent of this place, as a new process sees it. */
async function look(): Promise<Agent> {
  const { agents } = await status(await place.open())
  expect(agents).toHaveLength(1)
  return agents[0] as Agent
}

/** Lets so much time pass that a task on its way has arrived or never will. */
async function age(id: string, set: RecordChange = { beginAt: LONG_AGO }): Promise<void> {
  const { registry } = await place.open()
  const stored = await registry.get(id)
  await registry.append(id, stored?.revision ?? 0, { type: 'aged', set })
}

/** A record whose process died, with its workspace. */
async function half(orch: Orch, fields: Partial<AgentRecord> = {}): Promise<AgentRecord> {
  const { target } = await orch.backend('memory')
  const record = interrupted(orch, { id: ID, owner: GONE, target, ...fields })
  mkdirSync(record.workspace, { recursive: true })
  writeFileSync(join(record.workspace, 'SPAWN_CONTEXT.md'), 'the task')
  return record
}

/** What such a process asked its backend for. */
async function create(orch: Orch, begun = false, id = ID): Promise<AgentRecord['handle']> {
  const backend = await orch.backend('memory')
  const promptBy = begun ? 'argument' : 'send'
  const request: CreateRequest = {
    id,
    title: 'x',
    prompt: 'the prompt',
    project: place.project,
    directory: place.project,
    workspace: place.project,
    target: backend.target,
    program: { name: 'p', command: 'p', args: [], env: {}, promptBy },
    programName: null,
    model: null,
    mode: null,
    permission: null,
    permissionRules: [],
    env: {},
  }
  return (await backend.create(request, AbortSignal.timeout(5_000))).handle
}
