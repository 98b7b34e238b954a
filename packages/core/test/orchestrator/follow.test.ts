import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getActiveResourcesInfo } from 'node:process'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { BackendEvent } from '../../src/backend.ts'
import { type Following, follow } from '../../src/orchestrator/follow.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { TIMING } from '../../src/timing.ts'
import { createPlace, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})
afterEach(() => {
  jest.useRealTimers()
})

describe('follow()', () => {
  it("tells of the backend's events, of the page, and of the record", async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const { next } = await following(orch, [id])
    place.server.finish(id)
    expect(await next()).toContainEqual({ type: 'changed', agent: id })
    writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), 'Phase: Testing\n')
    expect(await next()).toContain(null)
    const stored = await orch.registry.get(id)
    await orch.registry.append(id, stored?.revision ?? 0, { type: 'x', set: { labels: { a: 'b' } } })
    expect(await next()).toContain(null)
  })

  it('subscribes once for each backend, whatever the number of agents', async () => {
    const subscriptions: number[] = []
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        events: (agents, ...rest) => {
          subscriptions.push(agents.length)
          return backend.events(agents, ...rest)
        },
      }),
    })
    const ids = []
    for (let i = 0; i < 5; i++) ids.push((await spawn(orch, { task: 'x' })).agent.id)
    await following(orch, ids)
    expect(subscriptions).toEqual([5])
  })

  it('says "look again" as soon as a subscription ends', async () => {
    const { orch, id, end } = await withEnding()
    const { next } = await following(orch, [id])
    end()
    expect(await next()).toEqual([null])
  })

  it('subscribes again, and says that something may have been missed', async () => {
    const { orch, id, end, begun } = await withEnding()
    jest.useFakeTimers({ doNotFake: [...NOT_FAKED] })
    const { next } = await following(orch, [id])
    end()
    expect(await next()).toEqual([null])
    expect(begun()).toBe(1)
    await jest.advanceTimersByTimeAsync(TIMING.safetyNetMs)
    const events: (BackendEvent | null)[] = []
    while (!events.some((event) => event?.type === 'gap')) events.push(...(await next()))
    expect(begun()).toBe(2)
  })

  it('does not wait for ever for a subscription that never stands', async () => {
    const silent: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      async *events(_agents, _query, signal) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        yield* []
      },
    })
    const { orch, id } = await place.spawn('x', { wrap: silent })
    const parent = new AbortController()
    const stored = await orch.registry.get(id)
    const made = follow(orch, stored ? [stored] : [], { content: false, raw: false }, parent.signal)
    const ready = made.ready()
    parent.abort(new Error('enough'))
    await expect(ready).rejects.toThrow('enough')
    made.stop()
  })

  it('leaves nothing running when it is stopped', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const running = (): number => getActiveResourcesInfo().filter((name) => /Timeout|FS.*Event/i.test(name)).length
    const before = running()
    const made = await following(orch, [id])
    expect(running()).toBeGreaterThan(before)
    made.stop()
    await eventually(() => running() <= before, { what: 'no timer and no watcher' })
  })

  it('goes on when a workspace is not there (any more)', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    rmSync(join(place.project, '.orch'), { recursive: true })
    const { next } = await following(orch, [id])
    place.server.finish(id)
    expect(await next()).toContainEqual({ type: 'changed', agent: id })
  })
})

const NOT_FAKED = [
  'nextTick',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'performance',
  'Date',
  'hrtime',
] as const

async function following(orch: Orch, ids: readonly string[]): Promise<Following> {
  const records = await Promise.all(ids.map((id) => orch.registry.get(id)))
  const made = follow(
    orch,
    records.filter((stored) => stored !== null),
    { content: false, raw: false },
    undefined,
  )
  scope.defer(() => made.stop())
  await made.ready()
  return made
}

/** An agent whose subscription ends when it is told to. */
async function withEnding(): Promise<{ orch: Orch; id: string; end: () => void; begun: () => number }> {
  let end = (): void => {}
  let begun = 0
  const wrap: PlaceOptions['wrap'] = (backend) => ({
    ...backend,
    async *events() {
      begun++
      yield { type: 'ready' }
      await new Promise<void>((resolve) => {
        end = resolve
      })
      throw new Error('the connection broke')
    },
  })
  const { orch, id } = await place.spawn('[[hang: working]]', { wrap })
  return { orch, id, end: () => end(), begun: () => begun }
}
