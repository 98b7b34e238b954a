import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { clean } from '../../src/clean/clean.ts'
import { OrchError } from '../../src/errors.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { takeOver } from '../../src/registry/claims.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place
let orch: Orch

beforeEach(async () => {
  place = await createPlace(scope)
  orch = await place.open()
})

const workspace = (id: string): string => join(place.project, '.orch', 'workspace', id)

async function ended(task = 'x', options: Partial<Parameters<typeof spawn>[1]> = {}): Promise<string> {
  const { agent } = await spawn(orch, { task, ...options })
  await abandon(orch, [agent.id])
  return agent.id
}

describe('clean()', () => {
  it('removes workspace and record of what ended, and keeps what is open, with why', async () => {
    const gone = await ended()
    const done = (await spawn(orch, { task: 'y' })).agent.id
    await complete(orch, [done], { force: true })
    const lives = (await spawn(orch, { task: '[[hang: z]]' })).agent.id
    const dry = await clean(orch, { records: true, dryRun: true })
    expect(dry.results).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ id: gone, removed: true, reason: expect.objectContaining({ code: 'ABANDONED' }) }),
        expect.objectContaining({ id: done, removed: true, reason: expect.objectContaining({ code: 'COMPLETED' }) }),
        expect.objectContaining({ id: lives, removed: false, reason: expect.objectContaining({ code: 'OPEN' }) }),
      ]),
    )
    expect([gone, done, lives].map((id) => existsSync(workspace(id)))).toEqual([true, true, true])
    const { results, dryRun } = await clean(orch, { records: true })
    expect(dryRun).toBe(false)
    expect(results.map(({ id, removed }) => [id, removed]).sort()).toEqual(
      [
        [gone, true],
        [done, true],
        [lives, false],
      ].sort(),
    )
    expect([gone, done, lives].map((id) => existsSync(workspace(id)))).toEqual([false, false, true])
    expect(await orch.registry.ids('closed')).toEqual([])
    expect(await orch.registry.ids('open')).toEqual([lives])
    expect(place.server.agents()).toEqual([lives])
    expect((await clean(orch, { records: true })).results.map(({ id }) => id)).toEqual([lives])
  })

  it('leaves records to history unless asked, and does not list again of whom nothing is left', async () => {
    const id = await ended()
    const { results } = await clean(orch, {})
    expect(results).toMatchObject([{ id, removed: true, parts: [{ what: 'workspace', removed: true }] }])
    expect(existsSync(workspace(id))).toBe(false)
    expect(await orch.registry.ids('closed')).toEqual([id])
    expect((await clean(orch, {})).results).toEqual([])
    expect((await clean(orch, { ids: [id] })).results).toMatchObject([{ id, removed: true, parts: [] }])
    expect((await clean(orch, { records: true })).results).toMatchObject([{ id, parts: [{ what: 'record' }] }])
    expect(await orch.registry.ids('closed')).toEqual([])
  })

  it('takes only what ended long enough ago, and nothing whose age a set clock made unknown', async () => {
    const young = await ended()
    const closed = async (id: string, endedAt: string | null): Promise<void> => {
      await orch.registry.create(interrupted(orch, { id }))
      await orch.registry.archive(id, 1, { type: 'completed', set: { lifecycle: 'completed', endedAt } })
    }
    await closed('old-0001', '2020-01-01T00:00:00.000Z')
    await closed('ahead-0001', new Date(Date.now() + 86_400_000).toISOString())
    await closed('never-0001', null)
    const { results } = await clean(orch, { records: true, olderThanMs: 60_000 })
    expect(Object.fromEntries(results.map(({ id, reason }) => [id, reason.code]))).toEqual({
      [young]: 'TOO_YOUNG',
      'old-0001': 'COMPLETED',
      'ahead-0001': 'AGE_UNKNOWN',
      'never-0001': 'AGE_UNKNOWN',
    })
    expect((await orch.registry.ids('closed')).toSorted()).toEqual(['ahead-0001', 'never-0001', young].sort())
  })

  it('keeps a workspace that holds a patch or a deliverable, and what is found by its record', async () => {
    const patched = await ended()
    writeFileSync(join(workspace(patched), 'unsaved.patch'), 'diff')
    const kept = await ended('z')
    mkdirSync(join(workspace(kept), 'kept-by-orch'), { recursive: true })
    writeFileSync(join(workspace(kept), 'kept-by-orch', 'work.patch'), 'diff')
    const report = `.orch/workspace/report.md`
    const promised = await ended('y', { deliverables: [report] })
    const { record } = (await orch.registry.get(promised)) ?? {}
    writeFileSync(join(place.project, report), '')
    renameSync(workspace(promised), `${workspace(promised)}.away`)
    mkdirSync(workspace(promised))
    expect(record?.deliverables).toEqual([report])
    const { results } = await clean(orch, { records: true })
    expect(results.find(({ id }) => id === patched)).toMatchObject({
      removed: false,
      parts: [{ what: 'workspace', removed: false, text: expect.stringContaining('unsaved.patch') }],
    })
    expect(existsSync(join(workspace(patched), 'unsaved.patch'))).toBe(true)
    expect(results.find(({ id }) => id === kept)?.parts[0]?.text).toContain('kept-by-orch/work.patch')
    expect(existsSync(join(workspace(kept), 'kept-by-orch', 'work.patch'))).toBe(true)
    expect(await orch.registry.get(patched)).toMatchObject({ closed: true })
    expect(existsSync(join(place.project, report))).toBe(true)
  })

  it('keeps the deliverable that stands in the workspace itself', async () => {
    const { agent } = await spawn(orch, { task: 'x', name: 'made', deliverables: ['later.md'] })
    await abandon(orch, [agent.id])
    const file = join(place.state, 'ended', `${agent.id}.jsonl`)
    const inside = join('.orch', 'workspace', agent.id, 'later.md')
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"later.md"', JSON.stringify(inside)))
    writeFileSync(join(place.project, inside), 'work')
    expect(await clean(orch, { records: true })).toMatchObject({
      results: [{ removed: false, parts: [{ what: 'workspace', removed: false }] }],
    })
    expect(readFileSync(join(place.project, inside), 'utf8')).toBe('work')
  })

  it('keeps the record that holds a key: the key never starts a second agent', async () => {
    const id = await ended('x', { key: 'nightly' })
    expect(await clean(orch, { records: true })).toMatchObject({
      results: [
        {
          id,
          removed: false,
          parts: [
            { what: 'workspace', removed: true },
            { what: 'record', removed: false },
          ],
        },
      ],
    })
    expect(existsSync(workspace(id))).toBe(false)
    expect(await spawn(orch, { task: 'x', key: 'nightly' })).toMatchObject({ created: false, agent: { id } })
  })

  it('saves what a worktree has not committed in a patch, and then keeps workspace and record', async () => {
    const repository = await gitRepository(join(place.folder, 'repository'))
    const there = await place.open({ directory: repository })
    const spawned = await spawn(there, { task: 'x', worktree: true })
    const { id, directory } = spawned.agent
    writeFileSync(join(directory, 'work.txt'), 'not committed\n')
    await abandon(there, [id])
    const dry = await clean(there, { records: true, dryRun: true })
    expect(dry.results).toMatchObject([
      {
        id,
        removed: false,
        parts: [
          { what: 'worktree', removed: true },
          { what: 'workspace', removed: false },
        ],
      },
    ])
    expect(existsSync(directory)).toBe(true)
    const { results } = await clean(there, { records: true })
    expect(results).toMatchObject([
      {
        id,
        removed: false,
        parts: [
          { what: 'worktree', removed: true },
          { what: 'workspace', removed: false },
        ],
      },
    ])
    expect(existsSync(directory)).toBe(false)
    expect(readFileSync(join(repository, '.orch/workspace', id, 'unsaved.patch'), 'utf8')).toContain('not committed')
    expect((await clean(there, { records: true })).results).toMatchObject([
      { removed: false, reason: { code: 'ABANDONED' } },
    ])
  })

  it('lists a worktree once, though its branch stays with its commits', async () => {
    const repository = await gitRepository(join(place.folder, 'repository'))
    const there = await place.open({ directory: repository })
    const { id, directory } = (await spawn(there, { task: 'x', worktree: true })).agent
    await git(directory, 'commit', '--quiet', '--allow-empty', '--message', 'Work')
    await abandon(there, [id])
    const parts = ['worktree', 'workspace'].map((what) => expect.objectContaining({ what, removed: true }))
    expect((await clean(there)).results).toEqual([expect.objectContaining({ id, parts })])
    expect((await clean(there)).results).toEqual([])
    expect(await git(repository, 'log', '-1', '--format=%s', `orch/${id}`)).toBe('Work')
    await git(repository, 'merge', '--quiet', `orch/${id}`)
    expect((await clean(there, { dryRun: true })).results).toMatchObject([{ id, parts: [{ what: 'worktree' }] }])
    expect((await clean(there)).results).toMatchObject([{ id, parts: [{ what: 'worktree', removed: true }] }])
    await expect(git(repository, 'rev-parse', '--verify', '-q', `orch/${id}`)).rejects.toThrow()
  })

  it('keeps what a backend still shows, what cannot be trusted, and what is gone with its project', async () => {
    const id = await ended()
    place.server.store.change((state) => {
      for (const agent of state.agents) if (agent.id === id) agent.stopped = false
    })
    const torn = await ended('y')
    const file = join(place.state, 'ended', `${torn}.jsonl`)
    writeFileSync(file, readFileSync(file, 'utf8').trimEnd().slice(0, -20))
    writeFileSync(join(place.state, 'ended', 'ruined-0001.jsonl'), 'nothing')
    await orch.registry.create(interrupted(orch, { id: 'moved-0001', project: '/nowhere/project' }))
    await orch.registry.archive('moved-0001', 1, { type: 'completed', set: { lifecycle: 'completed' } })
    const { results } = await clean(orch, { records: true, allProjects: true })
    expect(Object.fromEntries(results.map(({ id, reason, removed }) => [id, removed || reason.code]))).toEqual({
      [id]: 'STILL_THERE',
      [torn]: 'RECORD_CORRUPT',
      'ruined-0001': 'RECORD_CORRUPT',
      'moved-0001': 'PROJECT_GONE',
    })
    expect(await orch.registry.ids('closed')).toHaveLength(4)
  })

  it('keeps the record of who stands above a queued agent', async () => {
    const top = await ended()
    await orch.registry.create(interrupted(orch, { id: 'between-0001', parent: top, lifecycle: 'active' }))
    await orch.registry.archive('between-0001', 1, { type: 'x', set: { lifecycle: 'abandoned' } })
    await orch.registry.create(interrupted(orch, { id: 'next-0001', parent: 'between-0001', lifecycle: 'queued' }))
    const text = '"next-0001" was spawned below it, and is queued'
    for (const id of [top, 'between-0001'])
      expect((await clean(orch, { records: true })).results.find((one) => one.id === id)).toMatchObject({
        removed: false,
        reason: { code: 'WAITED_FOR', text },
      })
    expect(await orch.registry.ids('closed')).toHaveLength(2)
    expect((await clean(orch)).results.find(({ id }) => id === top)).toMatchObject({ removed: true })
  })

  it('keeps what a queued agent is to be started after', async () => {
    const first = await ended()
    const stored = await orch.registry.create(interrupted(orch, { id: 'next-0001', lifecycle: 'queued' }))
    const start = { maxParallel: null, after: [{ agent: first, state: 'done' }], index: 0, triedAt: null } as const
    await orch.registry.append('next-0001', stored.revision, { type: 'queued', set: { start } })
    expect((await clean(orch, { records: true })).results.find(({ id }) => id === first)).toMatchObject({
      removed: false,
      reason: { code: 'WAITED_FOR', text: expect.stringContaining('next-0001') },
    })
  })

  it('removes a workspace that is a symbolic link, not what it leads to; leaves one that is elsewhere', async () => {
    const linked = await ended()
    const elsewhere = join(place.folder, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'mine'), '')
    rmSync(workspace(linked), { recursive: true })
    symlinkSync(elsewhere, workspace(linked))
    await orch.registry.create(interrupted(orch, { id: 'else-0001', workspace: elsewhere }))
    await orch.registry.archive('else-0001', 1, { type: 'completed', set: { lifecycle: 'completed' } })
    const { results } = await clean(orch, { records: true })
    expect(Object.fromEntries(results.map(({ id, reason }) => [id, reason.code]))).toEqual({
      [linked]: 'ABANDONED',
      'else-0001': 'ELSEWHERE',
    })
    expect(existsSync(workspace(linked))).toBe(false)
    expect(existsSync(join(elsewhere, 'mine'))).toBe(true)
  })

  it('says what it could not remove, and goes on with the others', async () => {
    const [stuck, gone] = [await ended('x'), await ended('y')]
    const remove = async (id: string): Promise<boolean> => {
      if (id === stuck) throw new OrchError('DISK', 'Cannot remove the record: the disk is read-only')
      return await orch.registry.remove(id)
    }
    const { results } = await clean({ ...orch, registry: { ...orch.registry, remove } }, { records: true })
    expect(results.find(({ id }) => id === gone)).toMatchObject({ removed: true, error: null })
    expect(results.find(({ id }) => id === stuck)).toMatchObject({
      removed: false,
      parts: [{ what: 'workspace', removed: true }],
      error: { code: 'DISK' },
    })
    expect((await clean(orch, { records: true })).results).toMatchObject([{ id: stuck, removed: true }])
  })

  it('is one at a time: two at once remove each thing once, and one that died is taken over', async () => {
    const ids = [await ended('x'), await ended('y'), await ended('z')]
    const others = [await place.open(), await place.open()]
    const documents = await Promise.all(others.map((one) => clean(one, { records: true })))
    expect(documents.flatMap(({ results }) => results.map(({ id }) => id)).sort()).toEqual(ids.sort())
    expect(takeOver(orch.claims, 'clean', null)).toBe(true)
    await expect(clean({ ...orch, requestTimeoutMs: 50 })).rejects.toMatchObject({ code: 'BUSY', retryable: true })
    const { generation = 0 } = orch.claims.latest('clean') ?? {}
    orch.claims.create('clean', generation + 1, JSON.stringify({ ...currentOwner(), startTime: 'dead' }))
    expect((await clean(orch, { records: true })).results).toEqual([])
  })
})
