import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { send } from '../../src/messages/send.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { status } from '../../src/orchestrator/status.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { recoverAll } from '../../src/recovery/recover-all.ts'
import type { WorktreeRecord } from '../../src/registry/record.ts'
import { countLooks } from '../harness/count-looks.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
const LONG_AGO = '2020-01-01T00:00:00.000Z'
const DEAD = { ...currentOwner(), startTime: 'dead' }
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('recoverAll()', () => {
  it('has nothing to say where nothing is left undone, and looks once', async () => {
    await place.spawn('[[answer: x]]')
    const looks: number[] = []
    const orch = await place.open({ wrap: countLooks(looks) })
    expect(await recoverAll(orch)).toMatchObject({ complete: true, agents: 1, findings: [], warnings: [] })
    expect(looks).toEqual([1])
  })

  it('says in a dry run what it would do, and does it then', async () => {
    const orch = await place.open()
    await orch.registry.create(
      interrupted(orch, {
        id: 'half-0001',
        owner: DEAD,
        spawnedAt: LONG_AGO,
        target: { server: place.server.store.name },
      }),
    )
    const dry = await recoverAll(orch, { dryRun: true })
    expect(dry.findings).toMatchObject([
      { kind: 'spawn', id: 'half-0001', action: expect.stringContaining('look for what it made'), done: false },
    ])
    expect(await orch.registry.get('half-0001')).toMatchObject({ revision: 1 })
    const { findings } = await recoverAll(orch)
    expect(findings).toMatchObject([
      {
        kind: 'spawn',
        id: 'half-0001',
        action: expect.stringContaining('recorded that it failed'),
        done: true,
        next: 'orch abandon half-0001',
      },
    ])
    expect(await orch.registry.get('half-0001')).toMatchObject({ record: { lifecycle: 'failed' } })
    expect((await recoverAll(orch)).findings).toEqual([])
  })

  it('names what a killed process left of the worktrees of agents that have ended', async () => {
    const orch = await place.open()
    const delivered = { how: 'merge', head: '0', text: 'Merged', place: null, at: LONG_AGO } as const
    const ended = async (id: string, leaves: string, more: Partial<WorktreeRecord>): Promise<void> => {
      const path = join(place.folder, 'trees', id)
      const worktree = { path, branch: `orch/${id}`, base: '0', readyAt: LONG_AGO, ...more }
      await orch.registry.create(interrupted(orch, { id, worktree }))
      await orch.registry.archive(id, 1, { type: 'completed', set: { lifecycle: 'completed' } })
      if (leaves !== '') mkdirSync(join(place.folder, 'trees', leaves), { recursive: true })
    }
    await ended('made-0001', 'made-0001', { readyAt: null })
    await ended('merged-0001', 'merged-0001', { delivered })
    await ended('removed-0001', '.removed-removed-0001', { delivered })
    await ended('kept-0001', 'kept-0001', {})
    await ended('gone-0001', '', { delivered })
    const { findings } = await recoverAll(orch)
    expect(findings.map(({ kind, text, next }) => [kind, text.replace(/^.*" /, ''), next]).toSorted()).toEqual([
      ['worktree', 'is half removed', 'orch clean removed-0001'],
      ['worktree', 'may be half made', 'orch clean made-0001'],
      ['worktree', 'still stands, though its work was handed over', 'orch clean merged-0001'],
    ])
  })

  it('names a process of another container that was at it, and takes nothing over from that', async () => {
    const orch = await place.open()
    const elsewhere = { ...DEAD, pidNamespace: 'pid:[1]' }
    const target = { server: place.server.store.name }
    await orch.registry.create(interrupted(orch, { id: 'half-0001', owner: elsewhere, spawnedAt: LONG_AGO, target }))
    const { id } = await place.spawn('[[answer: x]]')
    const resuming = { owner: elsewhere, at: LONG_AGO }
    await orch.registry.append(id, (await orch.registry.get(id))?.revision ?? 0, {
      type: 'resuming',
      set: { resuming },
    })
    const text = expect.stringMatching(/^process \d+ on host ".*", in another container .* cannot be seen from here$/)
    expect((await recoverAll(orch)).findings.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
      { kind: 'resume', id, text, action: null, done: false, next: `orch check ${id}` },
      { kind: 'spawn', id: 'half-0001', text, action: null, done: false, next: 'orch check half-0001' },
    ])
    expect(await orch.registry.get('half-0001')).toMatchObject({ revision: 1, record: { lifecycle: 'spawning' } })
    const says = expect.stringMatching(
      / by process \d+ on host ".*", in another container .* cannot be seen from here$/,
    )
    for (const { state, reason } of (await status(orch)).agents)
      expect({ state, reason }).toEqual({ state: 'starting', reason: { code: expect.any(String), text: says } })
  })

  it('names agents whose server ended, and how each goes on', async () => {
    const { orch, id } = await place.spawn('[[hang: x]]')
    place.server.restart()
    expect((await recoverAll(orch)).findings).toMatchObject([
      { kind: 'stopped', id, next: `orch resume ${id}`, action: null },
    ])
    const without = await place.open({ memory: { without: ['resume'] } })
    expect((await recoverAll(without)).findings).toMatchObject([{ kind: 'stopped', id, next: `orch abandon ${id}` }])
  })

  it('gives an idle agent what waits for it, and says of what nobody knows whether it arrived', async () => {
    const { orch, id } = await place.spawn('[[hang: x]]')
    await send(orch, id, 'later', { when: 'idle' })
    expect((await recoverAll(orch)).findings).toMatchObject([
      { kind: 'queue', id, action: 'left waiting: it is working', done: false },
    ])
    place.server.finish(id)
    expect((await recoverAll(orch, { dryRun: true })).findings).toMatchObject([{ kind: 'queue', done: false }])
    expect(place.server.received(id)).toHaveLength(1)
    expect((await recoverAll(orch)).findings).toMatchObject([
      { kind: 'queue', id, action: 'gave it the oldest one', done: true },
    ])
    expect(place.server.received(id).at(-1)).toBe('later')
  })

  it('names an end that was cut off, a record that cannot be read, and an orphan', async () => {
    const { orch, id } = await place.spawn('x')
    await complete({ ...orch, backend: async () => Promise.reject(new Error('killed')) }, [id], { force: true }).catch(
      () => {},
    )
    const stored = await orch.registry.get(id)
    if (stored?.record.ending === undefined)
      await orch.registry.append(id, stored?.revision ?? 0, { type: 'ending', set: { ending: 'completed' } })
    const stranger = await place.spawn('y')
    await import('node:fs').then(({ rmSync }) => rmSync(place.recordFile(stranger.id)))
    writeFileSync(join(place.state, 'agents', 'ruined-0001.jsonl'), 'no record')
    const { findings, complete: isWhole } = await recoverAll(orch)
    expect(isWhole).toBe(false)
    expect(findings).toMatchObject([
      { kind: 'ending', id, next: `orch complete ${id}` },
      { kind: 'record', id: 'ruined-0001' },
      { kind: 'orphan', id: stranger.id },
    ])
  })

  it('says that it could not look, and changes nothing', async () => {
    const { orch } = await place.spawn('x')
    await orch.registry.create(
      interrupted(orch, {
        id: 'half-0001',
        owner: DEAD,
        spawnedAt: LONG_AGO,
        target: { server: place.server.store.name },
      }),
    )
    place.server.freeze()
    expect(await recoverAll(orch)).toMatchObject({
      complete: false,
      findings: [{ kind: 'spawn', id: 'half-0001', done: false, action: expect.stringContaining('left as it is') }],
    })
    expect(await orch.registry.get('half-0001')).toMatchObject({ revision: 1 })
  })

  it('twice at once is fine', async () => {
    const { id } = await place.spawn('[[hang: x]]')
    const [one, other] = [await place.open(), await place.open()]
    await send(one, id, 'later', { when: 'idle' })
    place.server.finish(id)
    await Promise.all([recoverAll(one), recoverAll(other)])
    expect(place.server.received(id).filter((text) => text === 'later')).toHaveLength(1)
  })
})
