import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { STATES, type State } from '../../src/agent.ts'
import type { Observation, ObserveQuery } from '../../src/backend.ts'
import { OrchError } from '../../src/errors.ts'
import { NO_USAGE } from '../../src/memory/simulation.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { doctor } from '../../src/orchestrator/doctor.ts'
import { status } from '../../src/orchestrator/status.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { recoverAll } from '../../src/recovery/recover-all.ts'
import type { RecordList } from '../../src/registry/registry.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, interrupted, type Place, type PlaceOptions } from '../harness/place.ts'
import { known, unknown } from '../harness/values.ts'

const scope = perTest()
const SECOND = { inputTokens: 200, costUsd: 0.2 }
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('status()', () => {
  it('of a project without agents is whole and empty', async () => {
    expect(await status(await place.open())).toEqual({
      apiVersion: 1,
      warnings: [],
      project: place.project,
      complete: true,
      backends: [expect.objectContaining({ name: 'memory' })],
      counts: Object.fromEntries(STATES.map((state) => [state, 0])),
      agents: [],
      orphans: [],
      usage: {
        ...{ inputTokens: null, outputTokens: null, reasoningTokens: null, cacheReadTokens: null },
        ...{ cacheWriteTokens: null, costUsd: null, agents: 0, unknown: 0 },
      },
      usageByProject: [],
    })
  })

  it('shows those that need somebody first, and the newest first among equals', async () => {
    const tasks = ['x', '[[hang: a]]', '[[permission: a]]', '[[exit: 3]]', '[[exit: 0]]', 'y', '[[question: a | b]]']
    const ids: string[] = []
    for (const task of tasks) ids.push((await place.spawn(task)).id)
    page(ids[5] as string, 'Phase: Complete\n')
    const { agents, counts, complete: whole } = await status(await place.open())
    expect(agents.map(({ id, state }) => [ids.indexOf(id), state])).toEqual([
      [6, 'waiting'],
      [2, 'waiting'],
      [3, 'failed'],
      [0, 'idle'],
      [4, 'exited'],
      [1, 'working'],
      [5, 'done'],
    ])
    expect(counts).toMatchObject({
      waiting: 2,
      failed: 1,
      idle: 1,
      exited: 1,
      working: 1,
      done: 1,
      lost: 0,
      unknown: 0,
    })
    expect(whole).toBe(true)
  })

  it('asks each backend once, whatever the number of agents', async () => {
    const asked: number[] = []
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        observe: (agents, signal) => {
          asked.push(agents.length)
          return backend.observe(agents, signal)
        },
        find: () => Promise.reject(new Error('not needed')),
      }),
    })
    for (let i = 0; i < 6; i++) await place.spawn('x')
    expect((await status(orch)).agents).toHaveLength(6)
    expect(asked).toEqual([6])
  })

  it('has the states asked for, and the counts of all', async () => {
    await place.spawn('x')
    await place.spawn('[[hang: a]]')
    const document = await status(await place.open(), { states: ['working', 'failed'] })
    expect(document.agents.map(({ state }) => state)).toEqual(['working'])
    expect(document.counts).toMatchObject({ working: 1, idle: 1 })
  })

  it('has the agents of this project, or of all', async () => {
    const other = join(place.folder, 'other')
    mkdirSync(other)
    const { id } = await place.spawn('x')
    const elsewhere = await spawn(await place.open({ directory: other }), { task: 'y' })
    const orch = await place.open()
    expect((await status(orch)).agents.map((agent) => agent.id)).toEqual([id])
    const all = await status(orch, { allProjects: true })
    expect(all.project).toBeNull()
    expect(all.agents.map((agent) => agent.id).sort()).toEqual([id, elsewhere.agent.id].sort())
    expect((await status(orch)).orphans).toEqual([])
  })

  it('sums what the agents used, whatever states are asked for, and says of how many it is not known', async () => {
    const [one, two, three] = [await place.spawn('x'), await place.spawn('[[hang: a]]'), await place.spawn('y')]
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      async observe(refs, signal) {
        const { observations, ...rest } = await backend.observe(refs, signal)
        return { ...rest, observations: observations.map((seen) => ({ ...seen, usage: usageOf(seen.id) })) }
      },
    })
    const document = await status(await place.open({ wrap }), { states: ['working'] })
    expect(document.agents.map(({ id }) => id)).toEqual([two.id])
    expect(document.usage).toMatchObject({ inputTokens: 300, costUsd: 0.3, agents: 3, unknown: 1 })
    expect(document.usageByProject).toEqual([{ project: place.project, usage: document.usage }])

    function usageOf(id: string): Observation['usage'] {
      if (id === three.id) return unknown()
      return known({ ...NO_USAGE, ...(id === one.id ? { inputTokens: 100, costUsd: 0.1 } : SECOND) })
    }
  })

  it('asks for what was used only when that is wanted', async () => {
    await place.spawn('x')
    const asked: (ObserveQuery | undefined)[] = []
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      observe(refs, signal, query) {
        asked.push(query)
        return backend.observe(refs, signal, query)
      },
    })
    await status(await place.open({ wrap }))
    await status(await place.open({ wrap }), { usage: true })
    expect(asked).toMatchObject([{ usage: false }, { usage: true }])
  })

  it('of all projects sums for each of them', async () => {
    const other = join(place.folder, 'other')
    mkdirSync(other)
    await place.spawn('one two three')
    await spawn(await place.open({ directory: other }), { task: 'four' })
    const { usage, usageByProject, agents } = await status(await place.open(), { allProjects: true })
    const inputOf = (project: string): number => agents.find((one) => one.project === project)?.usage?.inputTokens ?? 0
    expect(usageByProject).toMatchObject([
      { project: other, usage: { inputTokens: inputOf(other), agents: 1, unknown: 0 } },
      { project: place.project, usage: { inputTokens: inputOf(place.project), agents: 1, unknown: 0 } },
    ])
    expect(inputOf(place.project)).toBe(inputOf(other) + 2)
    expect(usage).toMatchObject({ inputTokens: inputOf(other) + inputOf(place.project), agents: 2 })
  })

  it('keeps what closed agents had used', async () => {
    const [done, gone] = [await place.spawn('x'), await place.spawn('[[hang: a]]')]
    const usages = async (): Promise<unknown> =>
      Object.fromEntries((await status(done.orch, { ended: true })).agents.map(({ id, usage }) => [id, usage]))
    const before = await usages()
    await complete(done.orch, [done.id], { force: true })
    await abandon(done.orch, [gone.id])
    expect(Object.values(before as object)).not.toContain(null)
    expect(await usages()).toEqual(before)
  })

  it('has closed agents when they are asked for', async () => {
    const done = await place.spawn('x')
    const gone = await place.spawn('y')
    const { orch, id } = await place.spawn('z')
    await complete(orch, [done.id], { force: true })
    await abandon(orch, [gone.id])
    expect((await status(orch)).agents.map((agent) => agent.id)).toEqual([id])
    const { agents } = await status(orch, { ended: true })
    expect(agents.map((agent) => [agent.id, agent.state, agent.lifecycle])).toEqual([
      [id, 'idle', 'active'],
      [gone.id, 'exited', 'abandoned'],
      [done.id, 'done', 'completed'],
    ])
  })

  it('shows the agents of a project whose directory is gone as unknown; recover and doctor name them anywhere', async () => {
    const other = join(place.folder, 'other')
    mkdirSync(other)
    const { agent } = await spawn(await place.open({ directory: other }), { task: 'y' })
    rmSync(other, { recursive: true })
    const { agents } = await status(await place.open(), { allProjects: true })
    const reason = { code: 'PROJECT_GONE', text: expect.stringContaining(`"${other}" is not there: move it back`) }
    expect(agents).toMatchObject([{ id: agent.id, project: other, state: 'unknown', reason, phase: null }])
    const orch = await place.open()
    expect((await recoverAll(orch, { dryRun: true })).findings).toMatchObject([
      { kind: 'project', id: agent.id, next: `orch abandon ${agent.id}` },
    ])
    const { ok, checks } = await doctor(orch)
    expect(checks.find(({ name }) => name === 'projects')).toMatchObject({
      result: 'warn',
      fix: `orch abandon ${agent.id}`,
    })
    expect(ok).toBe(true)
    expect((await abandon(orch, [agent.id])).results).toMatchObject([{ ok: true }])
    expect((await doctor(orch)).checks.map(({ name }) => name)).not.toContain('projects')
  })

  it('shows an agent once that is closed while it looks', async () => {
    const { orch, id } = await place.spawn('x')
    const list: typeof orch.registry.list = async (which) => {
      const seen = await orch.registry.list(which)
      if (which === 'open') await complete(await place.open(), [id], { force: true })
      return seen
    }
    const { agents } = await status({ ...orch, registry: { ...orch.registry, list } }, { ended: true })
    expect(agents.map((agent) => agent.id)).toEqual([id])
  })

  it('has the agents of one backend', async () => {
    const { orch, id } = await place.spawn('x')
    await orch.registry.create(interrupted(orch, { id: 'other-7k3q', backend: 'elsewhere', owner: currentOwner() }))
    const document = await status(orch, { backend: 'memory' })
    expect(document.agents.map((agent) => agent.id)).toEqual([id])
    expect(document.backends.map(({ name }) => name)).toEqual(['memory'])
    expect((await status(orch, { backend: 'elsewhere' })).agents.map((agent) => agent.id)).toEqual(['other-7k3q'])
  })

  it('refuses a backend that nobody knows', async () => {
    await place.spawn('x')
    await expect(status(await place.open(), { backend: 'nope' })).rejects.toMatchObject({
      code: 'BACKEND_UNKNOWN',
      hint: expect.stringContaining('"memory"'),
    })
  })

  it('is the same for every reader', async () => {
    for (const task of ['x', '[[permission: a]]', '[[exit: 1]]']) await place.spawn(task)
    const all = await Promise.all([place.open(), place.open(), place.open()])
    const [first, ...others] = await Promise.all(all.map(async (orch) => states(await status(orch))))
    for (const other of others) expect(other).toEqual(first)
  })

  it('rejects with the reason when it is aborted', async () => {
    await place.spawn('x')
    await expect(status(await place.open(), { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  })

  it('rejects when the records cannot be listed: an empty list would be a lie', async () => {
    const { orch } = await place.spawn('x')
    renameSync(join(place.state, 'agents'), join(place.state, 'moved'))
    await expect(status(orch)).rejects.toMatchObject({ code: 'DISK' })
  })
})

describe('status() when something cannot be looked at', () => {
  it('shows the agents of an unreachable backend as unknown, and is not complete', async () => {
    const { id } = await place.spawn('x')
    place.server.freeze()
    const document = await status(await place.open())
    expect(document).toMatchObject({
      complete: false,
      backends: [{ name: 'memory', ok: false, error: { code: 'BACKEND_UNREACHABLE' } }],
      agents: [{ id, state: 'unknown', reason: { code: 'BACKEND_UNREACHABLE', text: expect.any(String) } }],
    })
  })

  it('keeps what is known for ever: how the process ended', async () => {
    const { id } = await place.spawn('[[exit: 3]]')
    await status(await place.open())
    place.server.freeze()
    expect((await status(await place.open())).agents).toMatchObject([{ id, state: 'failed', exit: { code: 3 } }])
  })

  it('shows what it sees although it cannot store it', async () => {
    const { orch, id } = await place.spawn('[[hang: a]]')
    place.server.exit(id, { code: 3, signal: null })
    let tries = 0
    const append = (): never => {
      tries++
      throw new OrchError('DISK', 'Cannot write: the disk is full')
    }
    const { agents } = await status({ ...orch, registry: { ...orch.registry, append } })
    expect({ agents, tries }).toMatchObject({ agents: [{ id, state: 'failed', exit: { code: 3 } }], tries: 1 })
    expect((await orch.registry.get(id))?.record.exit).toBeNull()
    await status(orch)
    expect((await orch.registry.get(id))?.record.exit).toEqual({ code: 3, signal: null })
  })

  it('shows a backend that fails or does not answer, and goes on with the others', async () => {
    const { id } = await place.spawn('x')
    const other = await place.open()
    const working = await other.backend('memory')
    const broken: typeof working = { ...working, name: 'broken', observe: () => Promise.reject(new TypeError('oops')) }
    const silent: typeof working = { ...working, name: 'silent', observe: () => new Promise(() => {}) }
    const orch = await place.open({
      requestTimeoutMs: 300,
      backends: { memory: () => working, broken: () => broken, silent: () => silent },
    })
    for (const name of ['broken', 'silent'])
      await orch.registry.create(
        interrupted(orch, { id: `${name}-7k3q`, backend: name, handle: {}, lifecycle: 'active' }),
      )
    const document = await status(orch)
    expect(states(document)).toEqual({ [id]: 'idle', 'broken-7k3q': 'unknown', 'silent-7k3q': 'unknown' })
    expect(document.backends).toMatchObject([
      { name: 'memory', ok: true },
      { name: 'broken', ok: false, error: { code: 'INTERNAL' } },
      { name: 'silent', ok: false, error: { code: 'TIMEOUT' } },
    ])
    expect(document.complete).toBe(false)
  })

  it('shows agents of a backend that is not configured any more as unknown', async () => {
    const { orch, id } = await place.spawn('x')
    await orch.registry.create(
      interrupted(orch, { id: 'old-7k3q', backend: 'removed', handle: {}, lifecycle: 'active' }),
    )
    const document = await status(orch)
    expect(states(document)).toEqual({ [id]: 'idle', 'old-7k3q': 'unknown' })
    expect(document.agents[0]).toMatchObject({ id: 'old-7k3q', reason: { code: 'BACKEND_UNKNOWN' } })
  })

  it('shows agents that a backend did not report on as unknown', async () => {
    const { id } = await place.spawn('x')
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        observe: async (agents, signal) => ({ ...(await backend.observe(agents, signal)), observations: [] }),
      }),
    })
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'unknown', reason: { code: 'NOT_OBSERVED' } }])
  })

  it.each<readonly [string, string]>([
    ['is not there', ''],
    ['cannot be read', 'this is not JavaScript ('],
    ['throws', 'throw new TypeError("oops")'],
    ['speaks another version', 'export const apiVersion = 99; export const createBackend = () => () => ({})'],
    ['has no factory', 'export const apiVersion = 1'],
    [
      'refuses its options',
      'export const apiVersion = 1; export const createBackend = () => { throw new TypeError("oops") }',
    ],
    [
      'cannot be opened',
      'export const apiVersion = 1; export const createBackend = () => () => { throw new TypeError("oops") }',
    ],
  ])('shows a configured backend whose module %s', async (_, source) => {
    const { id } = await place.spawn('x')
    if (source !== '') writeFileSync(join(place.project, '.orch', 'mine.mjs'), source)
    const config = { backends: { mine: { module: './mine.mjs' } } }
    writeFileSync(join(place.project, '.orch', 'config.json'), JSON.stringify(config))
    const orch = await place.open()
    await orch.registry.create(interrupted(orch, { id: 'mine-7k3q', backend: 'mine', handle: {}, lifecycle: 'active' }))
    const document = await status(orch)
    expect(states(document)).toEqual({ [id]: 'idle', 'mine-7k3q': 'unknown' })
    expect(document.backends).toContainEqual(
      expect.objectContaining({ name: 'mine', ok: false, error: expect.objectContaining({ code: 'BACKEND_INVALID' }) }),
    )
  })
})

describe('status() of damaged records', () => {
  it('names a record that cannot be read, and still has the others', async () => {
    const { id } = await place.spawn('x')
    writeFileSync(place.recordFile('broken-7k3q'), 'garbage\n')
    const document = await status(await place.open())
    expect(document.agents.map((agent) => agent.id)).toEqual([id])
    expect(document.complete).toBe(false)
    expect(document.warnings).toEqual([
      { code: 'RECORD_CORRUPT', text: expect.stringContaining(place.recordFile('broken-7k3q')) },
    ])
  })

  it('says of one that this user may not read what to do about that, and never to move it away', async () => {
    const orch = await place.open()
    const hint = 'Check the owner and mode of that path'
    const denied = { id: 'a-7k3q', place: '/x', reason: 'Cannot read', code: 'PERMISSION_DENIED', hint } as const
    const list = async (): Promise<RecordList> => ({ records: [], unreadable: [denied] })
    const as = { ...orch, registry: { ...orch.registry, list } }
    const told = { code: 'PERMISSION_DENIED', text: 'Cannot read (check the owner and mode of that path)' }
    expect((await status(as)).warnings).toEqual([told])
    const { checks } = await doctor(as)
    expect(checks).toContainEqual({ name: 'records', result: 'warn', text: 'Cannot read', fix: hint })
  })

  it('shows an agent whose record misses an event as unknown', async () => {
    const { orch, id } = await place.spawn('x')
    const event = { v: 1, uid: 'u', base: 99, at: '', type: 'x', set: {} }
    appendFileSync(place.recordFile(id), `\n${JSON.stringify(event)}\n`)
    const document = await status(orch)
    expect(document.agents).toMatchObject([{ id, state: 'unknown', reason: { code: 'RECORD_CORRUPT' } }])
    expect(document.warnings).toMatchObject([{ code: 'RECORD_CORRUPT', text: expect.stringContaining(id) }])
  })

  it('says which torn line was skipped, and trusts the rest', async () => {
    const { orch, id } = await place.spawn('x')
    appendFileSync(place.recordFile(id), '{"v":1,"uid":"half')
    const document = await status(orch)
    expect(document.agents).toMatchObject([{ id, state: 'idle' }])
    expect(document.warnings).toMatchObject([{ code: 'RECORD_LINE_SKIPPED', text: expect.stringContaining(id) }])
  })
})

describe('status() finds orphans', () => {
  it('that carry the tag and have no record', async () => {
    const { id } = await place.spawn('x')
    renameSync(place.recordFile(id), join(place.folder, 'forgotten'))
    const { agents, orphans } = await status(await place.open())
    expect(agents).toEqual([])
    expect(orphans).toEqual([{ backend: 'memory', id, detail: expect.stringContaining('memory agent') }])
    expect(place.server.agents()).toEqual([id])
  })

  it('that were left over from a closed record', async () => {
    const { orch, id } = await place.spawn('x')
    const stored = await orch.registry.get(id)
    await orch.registry.archive(id, stored?.revision ?? 0, { type: 'x', set: { lifecycle: 'abandoned' } })
    expect((await status(orch)).orphans.map((orphan) => orphan.id)).toEqual([id])
  })

  it('of a backend that only the configuration names', async () => {
    const { id } = await place.spawn('x')
    renameSync(place.recordFile(id), join(place.folder, 'forgotten'))
    const config = {
      backends: {
        memory: { module: join(import.meta.dirname, '../../src/memory/index.ts'), directory: place.server.store.name },
      },
    }
    writeFileSync(join(place.project, '.orch', 'config.json'), JSON.stringify(config))
    const { orphans } = await status(await place.open({ backends: {} }))
    expect(orphans.map((orphan) => orphan.id)).toEqual([id])
  })

  it('and not what is unreadable, spawning, of another project or registry', async () => {
    const { id } = await place.spawn('x')
    writeFileSync(place.recordFile(id), 'garbage')
    const other = await createPlace(scope)
    expect((await status(await other.open({ memory: { server: place.server } }))).orphans).toEqual([])
    expect((await status(await place.open())).orphans).toEqual([])
  })

  it('and not an agent that is completed while it looks', async () => {
    const { id } = await place.spawn('x')
    let first = true
    const barrier = async (point: string): Promise<void> => {
      if (point !== 'observe:after' || !first) return
      first = false
      await complete(await place.open(), [id], { force: true })
    }
    expect((await status(await place.open({ memory: { barrier } }))).orphans).toEqual([])
  })
})

function states({ agents }: { readonly agents: readonly { readonly id: string; readonly state: State }[] }): unknown {
  return Object.fromEntries(agents.map(({ id, state }) => [id, state]))
}

function page(id: string, text: string): void {
  writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), text)
}
