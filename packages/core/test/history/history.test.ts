import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { elapsedMs } from '../../src/history/elapsed.ts'
import { wordsOf } from '../../src/history/event-words.ts'
import { history } from '../../src/history/history.ts'
import { trail } from '../../src/history/trail.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import type { AgentRecord } from '../../src/registry/record.ts'
import { countLooks } from '../harness/count-looks.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('elapsedMs()', () => {
  it.each([
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z', 60_000],
    ['2026-01-01T00:00:01.000Z', '2026-01-01T00:00:00.000Z', 0],
    ['2026-01-01T01:00:00.000Z', '2026-01-01T00:00:00.000Z', null],
    ['2026-01-01T00:00:00.000Z', null, null],
    [null, '2026-01-01T00:00:00.000Z', null],
    ['soon', '2026-01-01T00:00:00.000Z', null],
    ['2026-01-01T00:00:00.000Z', 'later', null],
  ])('from %s to %s is %s', (from, to, ms) => {
    expect(elapsedMs(from, to)).toBe(ms)
  })
})

describe('history()', () => {
  it('shows what was and what is, newest first, with what came of it', async () => {
    const { orch, id: done } = await place.spawn('[[answer: one]]')
    const { id: left } = await place.spawn('[[hang: two]]')
    const { id: lives } = await place.spawn('[[answer: three]]')
    await complete(orch, [done], { force: true })
    await abandon(orch, [left], { reason: 'too slow' })
    const document = await history(orch)
    expect(document).toMatchObject({ complete: true, total: 3, project: place.project, trail: null, warnings: [] })
    expect(document.agents).toMatchObject([
      { id: lives, state: 'idle', outcome: null, endedAt: null },
      {
        id: left,
        state: 'exited',
        outcome: 'abandoned',
        endReason: 'too slow',
        usage: { inputTokens: expect.anything() },
      },
      { id: done, state: 'done', outcome: 'completed', overridden: ['phase'], endReason: null },
    ])
    for (const { durationMs } of document.agents) expect(durationMs).toBeGreaterThanOrEqual(0)
    expect(document.usage).toMatchObject({ agents: 3 })
  })

  it('chooses by state, backend, label, project and time, and says how many match', async () => {
    const orch = await place.open()
    const day = (number: number): string => `2026-01-0${number}T00:00:00.000Z`
    await ended(orch, { id: 'early-0001', spawnedAt: day(1), endedAt: day(2), labels: { team: 'web' } })
    await ended(orch, { id: 'late-0001', spawnedAt: day(3), endedAt: day(5), labels: { team: 'db' } })
    await ended(orch, { id: 'else-0001', spawnedAt: day(4), endedAt: day(6), project: '/elsewhere', backend: 'other' })
    const ids = async (options: Parameters<typeof history>[1]): Promise<string[]> =>
      (await history(orch, options)).agents.map(({ id }) => id)
    expect(await ids({})).toEqual(['late-0001', 'early-0001'])
    expect(await ids({ allProjects: true })).toEqual(['else-0001', 'late-0001', 'early-0001'])
    expect(await ids({ allProjects: true, backend: 'other' })).toEqual(['else-0001'])
    expect(await ids({ since: day(4) })).toEqual(['late-0001'])
    expect(await ids({ until: day(2) })).toEqual(['early-0001'])
    expect(await ids({ selectors: ['team'] })).toHaveLength(2)
    expect(await ids({ selectors: ['team=web'] })).toEqual(['early-0001'])
    expect(await ids({ selectors: ['toString'] })).toEqual([])
    expect(await ids({ states: ['failed'] })).toEqual([])
    expect(await history(orch, { last: 1 })).toMatchObject({ total: 2, agents: [{ id: 'late-0001' }] })
    await expect(history(orch, { selectors: ['=web'] })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('claims no time after a clock was set: never negative, and not known where it cannot be', async () => {
    const orch = await place.open()
    const future = new Date(Date.now() + 3_600_000).toISOString()
    await orch.registry.create(interrupted(orch, { id: 'ahead-0001', lifecycle: 'active', spawnedAt: future }))
    await ended(orch, { id: 'before-0001', spawnedAt: '2026-01-02T00:00:00.000Z', endedAt: '2026-01-01T00:00:00.000Z' })
    await ended(orch, { id: 'never-0001', endedAt: null })
    const { agents } = await history(orch)
    expect(agents.map(({ id, durationMs }) => [id, durationMs])).toEqual([
      ['ahead-0001', null],
      ['never-0001', null],
      ['before-0001', null],
    ])
    expect((await history(orch, { since: '2027-01-01T00:00:00.000Z' })).agents.map(({ id }) => id)).toContain(
      'never-0001',
    )
  })

  it('names a record that cannot be read, and shows the others', async () => {
    const { orch } = await place.spawn('x')
    writeFileSync(join(place.state, 'ended', 'ruined-0001.jsonl'), 'no record')
    expect(await history(orch)).toMatchObject({ complete: false, total: 1, warnings: [{ code: 'RECORD_CORRUPT' }] })
  })

  it('reads 5000 records of the archive once each, and asks a backend once for those that live', async () => {
    const { orch: first, id } = await place.spawn('[[answer: x]]')
    const [created, ...rest] = readFileSync(place.recordFile(id), 'utf8').split('\n\n')
    const folder = join(place.state, 'ended')
    mkdirSync(folder, { recursive: true })
    const last = `\n${JSON.stringify({ v: 1, uid: 'last', base: rest.length + 1, at: '', type: 'completed', last: true, set: { lifecycle: 'completed', endedAt: '2026-01-01T00:00:00.000Z' } })}\n`
    const text = [created, ...rest, last].join('\n\n')
    for (let index = 0; index < 5_000; index++) {
      const other = `many-${String(index).padStart(4, '0')}`
      writeFileSync(join(folder, `${other}.jsonl`), text.replaceAll(id, other))
    }
    await first.close()
    const looks: number[] = []
    const calls = new Map<string, number>()
    const opened = await place.open({ wrap: countLooks(looks) })
    const orch = { ...opened, registry: counted(opened.registry, calls) }
    const before = reads()
    expect(await history(orch, { last: 3 })).toMatchObject({ total: 5_001, complete: true, warnings: [] })
    expect(Object.fromEntries(calls)).toEqual({ list: 2 })
    expect(looks).toEqual([1])
    const made = reads() - before
    if (before > 0) expect(made / 5_001).toBeLessThan(3)
  })
})

describe('trail()', () => {
  it('tells in words who did what, oldest first', async () => {
    const { id } = await place.spawn('[[answer: \u001b[31mred]]\nsecond line')
    const orch = await place.open({ verb: 'send', env: { ...place.env, ORCH_AGENT_ID: 'boss-7k3q' } })
    await send(orch, id, 'more')
    await abandon(orch, [id], { reason: 'enough' })
    const { agents, trail: all, complete } = await trail(orch, id)
    expect(complete).toBe(true)
    expect(agents).toMatchObject([{ id, outcome: 'abandoned' }])
    expect(all?.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['created', 'placed', 'begun', 'sending', 'ending', 'abandoned']),
    )
    expect(all?.map(({ revision }) => revision)).toEqual(all?.map((_, index) => String(index + 1)))
    expect(all?.[0]).toMatchObject({
      by: { agent: null, verb: null },
      changed: [],
      text: expect.stringMatching(/^its spawn began: ".*…"$/),
    })
    expect(all?.at(-1)).toMatchObject({ by: { agent: 'boss-7k3q', verb: 'send', pid: process.pid } })
    expect(all?.find(({ type }) => type === 'ending')?.text).toBe('it was about to be abandoned: "enough"')
  })

  it('tells of a change whose kind or writer it does not know', async () => {
    const { orch, id } = await place.spawn('x')
    const { revision } = (await orch.registry.get(id)) ?? { revision: 0 }
    const event = {
      v: 1,
      uid: 'u',
      base: revision,
      at: '2026-01-01T00:00:00.000Z',
      type: 'toString',
      set: { model: 'm' },
    }
    appendFileSync(place.recordFile(id), `\n${JSON.stringify(event)}\n`)
    expect((await trail(orch, id)).trail?.at(-1)).toMatchObject({
      by: null,
      text: 'toString: model',
      changed: ['model'],
    })
  })

  it('has words for every kind of change that the sources write', () => {
    const folder = join(import.meta.dirname, '../../src')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    const sources = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
    const kinds = [...sources.matchAll(/updateRecord\(\s*orch,[^'={]*?'([a-z-]+)'/g)].map(([, kind]) => kind as string)
    expect(kinds).toEqual(expect.arrayContaining(['placed', 'worktree']))
    const untold = kinds.filter((type) => wordsOf({ type, set: { model: 'm' }, base: 1 }) === `${type}: model`)
    expect(untold).toEqual([])
  })

  it('of nothing is refused', async () => {
    await expect(trail(await place.open(), 'nobody-7k3q')).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })
})

async function ended(orch: Orch, fields: Partial<AgentRecord>): Promise<void> {
  const stored = await orch.registry.create(interrupted(orch, fields))
  const set = { lifecycle: 'completed', endedAt: fields.endedAt ?? null } as const
  await orch.registry.archive(stored.record.id, 1, { type: 'completed', set })
}

function counted(registry: Orch['registry'], calls: Map<string, number>): Orch['registry'] {
  return new Proxy(registry, {
    get(target, name) {
      calls.set(String(name), (calls.get(String(name)) ?? 0) + 1)
      return Reflect.get(target, name)
    },
  })
}

/** System calls that read, of this process so far; 0 where the system does not say. */
function reads(): number {
  try {
    return Number(/^syscr: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
