import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Agent, State } from '../../src/agent.ts'
import type { WaitOutcome } from '../../src/documents.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { WaitOptions } from '../../src/orchestrator/options.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { wait } from '../../src/orchestrator/wait.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('wait() ends at once', () => {
  it.each<readonly [string, string, WaitOptions, WaitOutcome]>([
    ['when the state is there', 'x', { until: ['idle'] }, 'met'],
    ['when one of the states is there', '[[hang: a]]', { until: ['done', 'working'] }, 'met'],
    ['when the agent failed', '[[exit: 3]]', {}, 'failed'],
    ['when its turn failed', '[[error: no]]', {}, 'failed'],
    ['when a failure is what is waited for', '[[exit: 3]]', { until: ['failed'] }, 'met'],
    ['when it has exited', '[[exit: 0]]', {}, 'exited'],
    ['when it needs an answer', '[[permission: run make]]', {}, 'waiting'],
    ['when needing an answer is waited for', '[[permission: run make]]', { until: ['waiting'] }, 'met'],
    ['when it is idle without Complete', 'x', {}, 'idle'],
    ['when it is idle in another phase', 'x', { phase: 'Testing' }, 'idle'],
  ])('%s', async (_, task, options, outcome) => {
    const { orch, id } = await place.spawn(task)
    const document = await wait(orch, [id], options)
    expect(document).toMatchObject({
      apiVersion: 1,
      warnings: [],
      outcome,
      until: options.until ?? ['done'],
      phase: options.phase ?? null,
      mode: 'all',
      waitedMs: expect.any(Number),
      agents: [{ met: outcome === 'met', agent: { id } }],
    })
  })

  it('when the agent reported Complete, in any case', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'Phase: COMPLETE\n')
    expect(await wait(orch, [id])).toMatchObject({ outcome: 'met', agents: [{ agent: { state: 'done' } }] })
    expect(await wait(orch, [id], { phase: 'complete' })).toMatchObject({ outcome: 'met', phase: 'complete' })
    expect(await wait(orch, [id], { until: ['idle'] })).toMatchObject({ outcome: 'met' })
  })

  it.each(['Incomplete', 'Complete later', 'Completed'])('not with done when it reported %s', async (phase) => {
    const { orch, id } = await place.spawn('x')
    page(id, `Phase: ${phase}\n`)
    expect((await wait(orch, [id])).outcome).toBe('idle')
    expect((await wait(orch, [id], { phase: 'Complete' })).outcome).toBe('idle')
    expect((await wait(orch, [id], { phase: phase.toLowerCase() })).outcome).toBe('met')
  })

  it('when it is lost', async () => {
    const { orch, id } = await place.spawn('x')
    place.server.restart()
    expect((await wait(orch, [id])).outcome).toBe('lost')
  })

  it('when it was completed or abandoned before', async () => {
    const { orch, id } = await place.spawn('x')
    const other = await place.spawn('x')
    await complete(orch, [id], { force: true })
    await abandon(orch, [other.id])
    expect((await wait(orch, [id])).outcome).toBe('met')
    expect((await wait(orch, [other.id])).outcome).toBe('closed')
    expect((await wait(orch, [other.id], { until: ['exited'] })).outcome).toBe('met')
  })
})

describe('wait() goes on', () => {
  it.each<readonly [string, (id: string) => void, WaitOutcome]>([
    ['its turn ends', (id) => place.server.finish(id), 'idle'],
    [
      'it reports Complete and its turn ends',
      (id) => {
        page(id, 'Phase: Complete\n')
        place.server.finish(id)
      },
      'met',
    ],
    ['its process ends', (id) => place.server.exit(id, { code: 1, signal: null }), 'failed'],
    ['its server dies', () => place.server.kill(), 'lost'],
    ['it asks on its page', (id) => page(id, 'QUESTION: a?\n'), 'waiting'],
  ])('until %s', async (_, act, outcome) => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const waiting = wait(orch, [id], { timeoutMs: 20_000 })
    await subscribed(orch, id)
    act(id)
    expect((await waiting).outcome).toBe(outcome)
  })

  it('until somebody else closes the record', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const waiting = wait(await place.open(), [id], { timeoutMs: 20_000 })
    await subscribed(orch, id)
    await abandon(orch, [id])
    expect((await waiting).outcome).toBe('closed')
  })

  it('until somebody else completes it, and has its record as it is then', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const waiting = wait(await place.open(), [id], { until: ['exited'], timeoutMs: 20_000 })
    await subscribed(orch, id)
    await complete(orch, [id], { force: true })
    expect(await waiting).toMatchObject({ outcome: 'closed', agents: [{ agent: { lifecycle: 'completed' } }] })
  })

  it.each([
    ['its turn ends', (id: string) => place.server.finish(id)],
    ['its process ends', (id: string) => place.server.exit(id, { code: 1, signal: null })],
    ['it asks', (id: string) => page(id, 'QUESTION: a?\n')],
  ])('until the record is closed, although %s and is seen while somebody ends it', async (_, act) => {
    const { id } = await place.spawn('[[hang: working]]')
    let looks = 0
    const watching = await place.open({
      wrap: (backend) => ({ ...backend, observe: (...args) => backend.observe(...args).finally(() => looks++) }),
    })
    const ending = await place.open({
      wrap: (backend) => ({
        ...backend,
        stop: async (...args) => {
          const before = looks
          act(id)
          await eventually(() => {
            appendFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), '\n')
            return looks > before + 1
          })
          return backend.stop(...args)
        },
      }),
    })
    const waiting = wait(watching, [id], { timeoutMs: 60_000 })
    await subscribed(watching, id)
    await abandon(ending, [id])
    expect(await waiting).toMatchObject({ outcome: 'closed', agents: [{ agent: { lifecycle: 'abandoned' } }] })
  })

  it('until the phase is there, also of a program that does not show its turns', async () => {
    const { orch, id } = await place.spawn('x', { memory: { without: ['turns', 'requests'] } })
    const waiting = wait(orch, [id], { phase: 'Testing', timeoutMs: 20_000 })
    await subscribed(orch, id)
    page(id, 'Phase: Planning\n')
    page(id, 'Phase: Testing - 1 of 3\n')
    expect(await waiting).toMatchObject({ outcome: 'met', agents: [{ agent: { state: 'running' } }] })
  })

  it.each(['observe:before', 'observe:after'] as const)(
    'and misses nothing that happens at %s of its first look',
    async (at) => {
      const { id } = await place.spawn('[[hang: working]]')
      let first = true
      const barrier = (point: string): void => {
        if (point !== at || !first) return
        first = false
        place.server.finish(id)
      }
      const orch = await place.open({ memory: { barrier } })
      expect(await wait(orch, [id], { until: ['idle'], timeoutMs: 12_000 })).toMatchObject({ outcome: 'met' })
    },
    15_000,
  )

  it('through a time in which it cannot look', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const waiting = wait(orch, [id], { until: ['idle'], timeoutMs: 25_000 })
    await subscribed(orch, id)
    place.server.freeze()
    place.server.thaw()
    place.server.finish(id)
    expect((await waiting).outcome).toBe('met')
  }, 30_000)

  it('on a spawn whose process is gone, as the next status would', async () => {
    const orch = await place.open()
    const half = interrupted(orch, { target: (await orch.backend('memory')).target, owner: null })
    await orch.registry.create(half)
    expect(await wait(orch, [half.id])).toMatchObject({
      outcome: 'failed',
      agents: [{ agent: { lifecycle: 'failed' } }],
    })
  })

  it('on a spawn that another process is still at, and follows it from then on', async () => {
    const orch = await place.open()
    const { id: made } = await place.spawn('[[hang: working]]')
    const { handle, target } = (await orch.registry.get(made))?.record ?? {}
    const stored = await orch.registry.create(interrupted(orch, { owner: currentOwner(), target: target ?? null }))
    const { id } = stored.record
    const following: string[][] = []
    const watching = await place.open({
      wrap: (backend) => ({
        ...backend,
        capabilitiesOf: () => ['turns'],
        observe: async (agents, signal) => {
          const seen = await backend.observe(
            agents.map((agent) => ({ ...agent, id: made })),
            signal,
          )
          return { ...seen, observations: seen.observations.map((one) => ({ ...one, id })) }
        },
        events: (agents, ...rest) => {
          following.push(agents.map((agent) => agent.id))
          return backend.events(
            agents.map((agent) => ({ ...agent, id: made })),
            ...rest,
          )
        },
      }),
    })
    const waiting = wait(watching, [id], { until: ['idle'], timeoutMs: 12_000 })
    await orch.registry.append(id, 1, { type: 'x', set: { lifecycle: 'active', handle: handle ?? null } })
    await eventually(() => following.length > 0, { what: 'a subscription' })
    place.server.finish(made)
    expect((await waiting).outcome).toBe('met')
    expect(following).toEqual([[id]])
  }, 15_000)
})

describe('wait() for several agents', () => {
  const spawnAll = async (...tasks: readonly string[]): Promise<{ orch: Orch; ids: string[] }> => {
    const ids = []
    for (const task of tasks) ids.push((await place.spawn(task)).id)
    return { orch: await place.open(), ids }
  }

  it('waits for all of them', async () => {
    const { orch, ids } = await spawnAll('x', '[[hang: a]]')
    const waiting = wait(orch, ids, { until: ['idle'], timeoutMs: 20_000 })
    await subscribed(orch, ids[1] as string)
    place.server.finish(ids[1] as string)
    expect(await waiting).toMatchObject({ outcome: 'met', mode: 'all', agents: [{ met: true }, { met: true }] })
  })

  it('is content with any of them', async () => {
    const { orch, ids } = await spawnAll('[[hang: a]]', 'x', '[[exit: 3]]')
    const document = await wait(orch, ids, { until: ['idle'], mode: 'any' })
    expect(document).toMatchObject({ outcome: 'met', mode: 'any' })
    expect(document.agents.map(({ met, agent }) => [agent.id, met])).toEqual(ids.map((id, index) => [id, index === 1]))
  })

  it('goes on with any while one of them may still get there', async () => {
    const { orch, ids } = await spawnAll('[[exit: 3]]', '[[hang: a]]')
    const waiting = wait(orch, ids, { until: ['idle'], mode: 'any', timeoutMs: 20_000 })
    await subscribed(orch, ids[1] as string)
    place.server.finish(ids[1] as string)
    expect((await waiting).outcome).toBe('met')
  })

  it('is content with so many of them, and ends once so many cannot get there any more', async () => {
    const { orch, ids } = await spawnAll('[[hang: a]]', '[[hang: b]]', '[[hang: c]]')
    const waiting = wait(orch, ids, { until: ['idle'], mode: 'any', first: 2, timeoutMs: 20_000 })
    for (const id of ids.slice(0, 2)) place.server.finish(id)
    expect(await waiting).toMatchObject({ outcome: 'met', mode: 'any', first: 2 })
    place.server.exit(ids[2] as string, { code: 1, signal: null })
    expect(await wait(orch, ids, { until: ['idle'], mode: 'any', first: 2 })).toMatchObject({ outcome: 'met' })
    expect(await wait(orch, ids, { until: ['idle'], mode: 'any', first: 3 })).toMatchObject({ outcome: 'failed' })
  })

  it.each([0, 4, 1.5])('refuses to wait for the first %p of 3', async (first) => {
    const { orch, ids } = await spawnAll('[[hang: a]]', '[[hang: b]]', '[[hang: c]]')
    await expect(wait(orch, ids, { mode: 'any', first })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(wait(orch, ids, { first: 1 })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('tells whoever asked of each look', async () => {
    const { orch, ids } = await spawnAll('[[hang: a]]', '[[hang: b]]', '[[hang: c]]')
    const seen: string[] = []
    const onLook = (agents: readonly Agent[]): unknown => seen.push(agents.map(({ state }) => state).join())
    const waiting = wait(orch, ids, { until: ['idle'], timeoutMs: 20_000, onLook })
    await eventually(() => seen.includes('working,working,working'))
    for (const id of ids) place.server.finish(id)
    await waiting
    expect(seen.at(-1)).toBe('idle,idle,idle')
  })

  it('ends with any when none can get there', async () => {
    const { orch, ids } = await spawnAll('[[exit: 3]]', '[[permission: a]]')
    expect((await wait(orch, ids, { until: ['idle'], mode: 'any' })).outcome).toBe('failed')
  })

  it.each<readonly [WaitOutcome, readonly string[]]>([
    ['failed', ['[[exit: 0]]', '[[permission: a]]', '[[exit: 3]]', 'x']],
    ['exited', ['x', '[[permission: a]]', '[[exit: 0]]']],
    ['waiting', ['x', '[[permission: a]]']],
  ])('reports %s before what comes after it', async (outcome, tasks) => {
    const { orch, ids } = await spawnAll(...tasks)
    expect((await wait(orch, ids)).outcome).toBe(outcome)
  })

  it('reports lost before exited, and idle before closed', async () => {
    const { orch, ids } = await spawnAll('x', '[[exit: 0]]')
    await wait(orch, ids)
    place.server.restart()
    expect((await wait(orch, ids)).outcome).toBe('lost')
    const more = await spawnAll('x', 'y')
    await abandon(orch, [more.ids[0] as string])
    expect((await wait(orch, more.ids)).outcome).toBe('idle')
  })

  it('ends for one that failed although another still works', async () => {
    const { orch, ids } = await spawnAll('[[hang: a]]', '[[exit: 3]]')
    expect(await wait(orch, ids)).toMatchObject({ outcome: 'failed', agents: [{ met: false }, { met: false }] })
  })
})

describe('wait() is over', () => {
  it('when time runs out, and says how everything stands', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const document = await wait(orch, [id], { timeoutMs: 100 })
    expect(document).toMatchObject({ outcome: 'timeout', agents: [{ met: false, agent: { state: 'working' } }] })
    expect(document.waitedMs).toBeGreaterThanOrEqual(90)
  })

  it('never by an agent that could not be looked at, but by time', async () => {
    const { id } = await place.spawn('x')
    place.server.freeze()
    const document = await wait(await place.open(), [id], { timeoutMs: 500 })
    expect(document).toMatchObject({ outcome: 'timeout', agents: [{ agent: { state: 'unknown' } }] })
    expect((await wait(await place.open(), [id], { until: ['unknown'] })).outcome).toBe('met')
  })

  it('in time, although a look takes longer than that', async () => {
    const { id } = await place.spawn('x')
    const stuck = await place.open({
      wrap: (backend) => ({ ...backend, observe: () => new Promise(() => {}) }),
      requestTimeoutMs: 60_000,
    })
    const document = await wait(stuck, [id], { timeoutMs: 100 })
    expect(document).toMatchObject({ outcome: 'timeout', agents: [{ met: false, agent: { id, state: 'unknown' } }] })
  }, 10_000)

  it('with the reason when it is aborted', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const controller = new AbortController()
    const waiting = wait(orch, [id], { signal: controller.signal })
    const rejected = expect(waiting).rejects.toThrow('enough')
    await subscribed(orch, id)
    controller.abort(new Error('enough'))
    await rejected
    await expect(wait(orch, [id], { signal: AbortSignal.abort('before') })).rejects.toBe('before')
  })
})

describe('wait() refuses', () => {
  it.each<readonly [readonly State[]]>([[['idle']], [['working']], [['idle', 'working']]])(
    'to guess when a program is %j that does not show its turns',
    async (until) => {
      const { orch, id } = await place.spawn('x', { memory: { without: ['turns', 'requests'] } })
      await expect(wait(orch, [id], { until })).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        agent: id,
        hint: expect.stringContaining('--phase'),
      })
    },
  )

  it('not, when something else is waited for too', async () => {
    const { orch, id } = await place.spawn('x', { memory: { without: ['turns', 'requests'] } })
    expect((await wait(orch, [id], { until: ['idle', 'running'] })).outcome).toBe('met')
    expect((await wait(orch, [id], { until: ['done', 'idle'], timeoutMs: 100 })).outcome).toBe('timeout')
  })

  it('a phase without a name', async () => {
    const { orch, id } = await place.spawn('x')
    await expect(wait(orch, [id], { phase: ' ' })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('an agent that is not there, and a record that cannot be trusted', async () => {
    const { orch, id } = await place.spawn('x')
    await expect(wait(orch, ['nobody-7k3q'])).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
    const event = { v: 1, uid: 'u', base: 99, at: '', type: 'x', set: {} }
    writeFileSync(place.recordFile(id), `\n${JSON.stringify(event)}\n`, { flag: 'a' })
    await expect(wait(orch, [id])).rejects.toMatchObject({ code: 'RECORD_CORRUPT', agent: id })
  })
})

/** Resolves when a wait that was begun before is past its first look. */
async function subscribed(orch: Orch, id: string): Promise<void> {
  await eventually(async () => (await orch.registry.get(id)) !== null)
  await wait(orch, [id], { until: ['working', 'idle', 'running'], timeoutMs: 300 }).catch(() => {})
}

function page(id: string, text: string): void {
  writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), text)
}
