import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Backend } from '../../src/backend.ts'
import type { AbandonDocument } from '../../src/documents.ts'
import { OrchError } from '../../src/errors.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { status } from '../../src/orchestrator/status.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { countLooks } from '../harness/count-looks.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
const LONG_AGO = '2020-01-01T00:00:00.000Z'
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('abandon()', () => {
  it.each(['x', '[[hang: a]]', '[[permission: a]]', '[[exit: 3]]'])(
    'ends %s without verification, its work stays',
    async (task) => {
      const { orch, id } = await place.spawn(task)
      expect(await abandon(orch, [id])).toEqual({
        apiVersion: 1,
        warnings: [],
        results: [{ id, ok: true, stop: { proven: true, evidence: [expect.anything()] }, error: null }],
      })
      expect(place.server.agents()).toEqual([])
      expect(await orch.registry.get(id)).toMatchObject({ closed: true, record: { lifecycle: 'abandoned' } })
      expect(existsSync(join(place.project, '.orch/workspace', id, 'SPAWN_CONTEXT.md'))).toBe(true)
    },
  )

  it('twice is fine, after complete it is not', async () => {
    const { orch, id } = await place.spawn('x')
    const other = await place.spawn('y')
    await abandon(orch, [id])
    await complete(orch, [other.id], { force: true })
    expect((await abandon(orch, [id, other.id, 'nobody-7k3q'])).results).toMatchObject([
      { id, ok: true, stop: null },
      { id: other.id, ok: false, error: { code: 'CLOSED' } },
      { id: 'nobody-7k3q', ok: false, error: { code: 'AGENT_NOT_FOUND' } },
    ])
  })

  it('keeps the reason that was given first, with who gave it', async () => {
    const { id } = await place.spawn('x')
    const orch = await place.open({ verb: 'abandon', env: { ...place.env, ORCH_AGENT_ID: 'boss-7k3q' } })
    for (const reason of ['', '  ', 'two\nlines', 'x'.repeat(501)])
      await expect(abandon(orch, [id], { reason })).rejects.toMatchObject({ code: 'USAGE', outcome: 'none' })
    expect(await orch.registry.get(id)).toMatchObject({ closed: false })
    await abandon(orch, [id], { reason: ' done by hand ' })
    await abandon(orch, [id], { reason: 'another' })
    expect(await orch.registry.get(id)).toMatchObject({ record: { endReason: 'done by hand' } })
    const { agents } = await status(orch, { ended: true })
    expect(agents[0]?.reason).toEqual({ code: 'ABANDONED', text: 'It was abandoned: done by hand' })
    const events = (await orch.registry.events(id)) ?? []
    expect(events[0]).toMatchObject({ type: 'created', by: { pid: process.pid, agent: null, verb: null } })
    expect(events.at(-1)).toMatchObject({ type: 'abandoned', by: { agent: 'boss-7k3q', verb: 'abandon' } })
  })

  it('keeps the record open when the end could not be proven or tried', async () => {
    const { id } = await place.spawn('x')
    const orch = await place.open({
      wrap: (backend) => ({ ...backend, stop: async () => ({ proven: false, evidence: [] }) }),
    })
    expect((await abandon(orch, [id])).results).toMatchObject([{ ok: false, stop: { proven: false }, error: null }])
    place.server.freeze()
    expect((await abandon(await place.open(), [id])).results).toMatchObject([
      { ok: false, stop: null, error: { code: 'BACKEND_UNREACHABLE' } },
    ])
    place.server.thaw()
    expect((await orch.registry.get(id))?.closed).toBe(false)
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'idle' }])
  })

  it('looks once at any number of agents, and keeps what each of them used', async () => {
    const looks: number[] = []
    const { id } = await place.spawn('one')
    const other = await place.spawn('one two three')
    const orch = await place.open({ wrap: countLooks(looks) })
    await abandon(orch, [id, other.id])
    expect(looks).toEqual([2])
    const used = async (ended: string): Promise<unknown> => (await orch.registry.get(ended))?.record.usage?.inputTokens
    expect(await used(other.id)).toBe(((await used(id)) as number) + 2)
  })

  it('ends an agent that could not be looked at before, and does not know what it used', async () => {
    const { id } = await place.spawn('x')
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        observe: () => Promise.reject(new OrchError('BACKEND_UNREACHABLE', 'Cannot look')),
      }),
    })
    expect((await abandon(orch, [id])).results).toMatchObject([{ ok: true, stop: { proven: true } }])
    expect((await orch.registry.get(id))?.record.usage).toBeUndefined()
    expect((await status(orch, { ended: true })).agents).toMatchObject([{ id, usage: null }])
  })

  it('closes a spawn of a dead process, after a look for what it may have made', async () => {
    const orch = await place.open()
    const target = (await orch.backend('memory')).target
    const half = interrupted(orch, { target, owner: null, endedAt: LONG_AGO })
    await orch.registry.create(half)
    expect((await abandon(orch, [half.id])).results).toMatchObject([{ ok: true, stop: { proven: true } }])
    const { id } = await place.spawn('[[hang: a]]')
    const stored = await orch.registry.get(id)
    await orch.registry.append(id, stored?.revision ?? 0, {
      type: 'x',
      set: { handle: null, lifecycle: 'spawning', owner: null },
    })
    expect((await abandon(orch, [id])).results).toMatchObject([{ ok: true, stop: { proven: true } }])
    expect(place.server.agents()).toEqual([])
  })

  it('ends what a dead process asked for and what turns up only after a while', async () => {
    const { orch, id } = await place.spawn('[[hang: a]]')
    const stored = await orch.registry.get(id)
    const set = { handle: null, lifecycle: 'failed', owner: null, endedAt: new Date().toISOString() } as const
    await orch.registry.append(id, stored?.revision ?? 0, { type: 'x', set })
    let looks = 0
    const wrap = (backend: Backend): Backend => ({
      ...backend,
      find: async (targets, signal) => (looks++ < 3 ? [] : backend.find(targets, signal)),
    })
    expect((await abandon(await place.open({ wrap }), [id])).results).toMatchObject([{ ok: true }])
    expect(place.server.agents()).toEqual([])
  })

  it('does not close a spawn whose backend cannot be asked', async () => {
    const orch = await place.open()
    const half = interrupted(orch, { target: (await orch.backend('memory')).target })
    await orch.registry.create(half)
    place.server.freeze()
    expect((await abandon(orch, [half.id])).results).toMatchObject([
      { ok: false, error: { code: 'BACKEND_UNREACHABLE' } },
    ])
    expect((await orch.registry.get(half.id))?.closed).toBe(false)
  })

  it('never leaves an agent running whose spawn was under way', async () => {
    const abandoned: unknown[] = []
    const other = await place.open()
    const barrier = async (point: string): Promise<void> => {
      if (point !== 'create:before' && point !== 'begin:before') return
      for (const id of await other.registry.ids('open')) abandoned.push(...(await abandon(other, [id])).results)
    }
    const { agent } = await spawn(await place.open({ memory: { barrier } }), { task: 'x' })
    expect(abandoned).toMatchObject([{ error: { code: 'BUSY' } }, { error: { code: 'BUSY' } }])
    expect(place.server.agents()).toEqual([agent.id])
    expect((await abandon(other, [agent.id])).results).toMatchObject([{ ok: true }])
    expect(place.server.agents()).toEqual([])
  })

  it.each([
    [abandon, complete, 'abandoned'],
    [complete, abandon, 'completed'],
  ])('beside the other way to end it: %o wins over %o', async (winner, loser, lifecycle) => {
    const { id } = await place.spawn('x')
    const page = join(place.project, '.orch/workspace', id, 'WORKSPACE.md')
    appendFileSync(page, 'Phase: Complete\n')
    const other = await place.open()
    let won: unknown
    const wrap = (backend: Backend): Backend => ({
      ...backend,
      stop: async (ref, signal) => {
        won = (await winner(other, [id])).results
        return await backend.stop(ref, signal)
      },
    })
    const lost = (await loser(await place.open({ wrap }), [id])).results
    expect(won).toMatchObject([{ ok: true, error: null }])
    expect(lost).toMatchObject([{ ok: false, error: { message: expect.stringContaining(`it was ${lifecycle}`) } }])
    expect(await other.registry.get(id)).toMatchObject({ closed: true, record: { lifecycle } })
  })

  it('leaves the record to whoever began to end it in another way since, and says so', async () => {
    const { id } = await place.spawn('x')
    appendFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), 'Phase: Complete\n')
    let abandoning: Promise<AbandonDocument> | undefined
    let completed: (() => void) | undefined
    const held = (backend: Backend): Backend => ({
      ...backend,
      stop: async (ref, signal) => {
        await new Promise<void>((resolve) => {
          completed = resolve
        })
        return await backend.stop(ref, signal)
      },
    })
    const overtaken = (backend: Backend): Backend => ({
      ...backend,
      stop: async (ref, signal) => {
        abandoning = abandon(await place.open({ wrap: held }), [id])
        await eventually(() => completed !== undefined)
        return await backend.stop(ref, signal)
      },
    })
    const lost = (await complete(await place.open({ wrap: overtaken }), [id])).results
    expect(lost).toMatchObject([
      { ok: false, error: { code: 'BUSY', message: expect.stringContaining('begun to abandon it'), retryable: true } },
    ])
    completed?.()
    expect((await abandoning)?.results).toMatchObject([{ ok: true, error: null }])
    expect(await (await place.open()).registry.get(id)).toMatchObject({
      closed: true,
      record: { lifecycle: 'abandoned' },
    })
  })

  it('does not touch an agent whose record cannot be trusted', async () => {
    const { orch, id } = await place.spawn('x')
    const event = { v: 1, uid: 'u', base: 99, at: '', type: 'x', set: {} }
    appendFileSync(place.recordFile(id), `\n${JSON.stringify(event)}\n`)
    expect((await abandon(orch, [id])).results).toMatchObject([{ ok: false, error: { code: 'RECORD_CORRUPT' } }])
    expect(place.server.agents()).toEqual([id])
  })
})
