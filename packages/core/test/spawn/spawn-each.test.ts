import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Agent } from '../../src/agent.ts'
import type { Backend } from '../../src/backend.ts'
import { OrchError } from '../../src/errors.ts'
import type { SpawnTask } from '../../src/orchestrator/options.ts'
import { status } from '../../src/orchestrator/status.ts'
import { spawnEach } from '../../src/spawn/spawn-each.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

const HANG = '[[hang:on]]'

describe('spawnEach()', () => {
  it('starts all of them, each with its own task, and tells of them as they were given', async () => {
    const orch = await place.open()
    const { results, warnings } = await spawnEach(
      orch,
      ['a', 'b', 'c'].map((name) => ({ name, task: `${HANG} ${name}` })),
    )
    expect(results.map(({ place: where, ok, created }) => [where, ok, created])).toEqual([
      ['task 1', true, true],
      ['task 2', true, true],
      ['task 3', true, true],
    ])
    expect(results.map(({ agent, prompt }) => [agent.state, prompt.delivery])).toEqual(
      results.map(() => ['working', 'confirmed']),
    )
    for (const { agent } of results)
      expect(place.server.received(agent.id)).toEqual([expect.stringContaining(agent.task)])
    expect(warnings).toEqual([])
  })

  it('queues those that find no place, in the order in which they were given', async () => {
    const { results } = await spawnEach(await place.open(), hanging(5, { maxParallel: 2 }))
    expect(results.map(({ agent }) => [agent.state, agent.pending?.position ?? null])).toEqual([
      ['working', null],
      ['working', null],
      ['queued', 1],
      ['queued', 2],
      ['queued', 3],
    ])
    place.server.finish(results[1]?.agent.id as string)
    const { agents } = await status(await place.open())
    expect(agents.find(({ id }) => id === results[2]?.agent.id)).toMatchObject({ state: 'working' })
  })

  it('starts one after another one of them that it names, whichever stands first', async () => {
    const { results } = await spawnEach(await place.open(), [
      { task: HANG, name: 'last', after: [{ agent: 'middle', state: 'idle' }] },
      { task: HANG, name: 'middle', after: [{ agent: 'first', state: 'idle' }] },
      { task: HANG, name: 'first' },
    ])
    const [last, middle, first] = results.map(({ agent }) => agent) as [Agent, Agent, Agent]
    expect(last).toMatchObject({ state: 'queued', pending: { after: [{ agent: middle.id, state: 'idle' }] } })
    expect(middle).toMatchObject({ state: 'queued', pending: { after: [{ agent: first.id, state: 'idle' }] } })
    expect(first).toMatchObject({ state: 'working' })
    for (const { id } of [first, middle]) {
      place.server.finish(id)
      await status(await place.open())
    }
    expect(place.server.agents()).toEqual([first.id, middle.id, last.id])
  })

  it('spawns nothing twice with keys, and goes on with what a killed call did not make', async () => {
    const tasks = hanging(3, {}).map((task, index) => ({ ...task, key: `k${index}` }))
    const first = await spawnEach(await place.open(), tasks.slice(0, 2))
    const again = await spawnEach(await place.open(), tasks)
    expect(again.results.map(({ created }) => created)).toEqual([false, false, true])
    expect(again.results.slice(0, 2).map(({ agent }) => agent.id)).toEqual(first.results.map(({ agent }) => agent.id))
    expect(place.server.agents()).toHaveLength(3)
  })

  it('waits for every answer, drives the queue on, and says how each of them ended', async () => {
    const tasks: SpawnTask[] = [
      { task: '[[answer: one]]' },
      { task: '[[error: no]]' },
      { task: '[[permission: run make]]' },
      { task: '[[answer: two]]' },
    ].map((task) => ({ ...task, maxParallel: 3 }))
    const seen: string[] = []
    const { results } = await spawnEach(await place.open(), tasks, {
      wait: true,
      timeoutMs: 20_000,
      onLook: (agents) => seen.push(agents.map(({ state }) => state).join()),
    })
    expect(results.map(({ outcome, answer }) => [outcome, answer?.text ?? null])).toEqual([
      ['met', 'one'],
      ['failed', null],
      ['waiting', null],
      ['met', 'two'],
    ])
    expect(seen.at(-1)).toBe('idle,failed,waiting,idle')
  })

  it('tells which could not be started, and starts the others', async () => {
    const orch = await place.open({ wrap: refusing('no place') })
    const { results } = await spawnEach(orch, [{ task: 'one' }, { task: 'no place' }, { task: 'three' }])
    expect(results.map(({ ok, error, agent }) => [ok, error?.code ?? null, agent.state])).toEqual([
      [true, null, 'idle'],
      [false, 'CREATE_FAILED', 'failed'],
      [true, null, 'idle'],
    ])
  })

  it('tries no more of them once five in a row failed alike, and says so of each', async () => {
    const orch = await place.open({ wrap: refusing('no place') })
    const tasks = Array.from({ length: 8 }, () => ({ task: 'no place', maxParallel: 1 }))
    const { results } = await spawnEach(orch, [...tasks, { task: 'fine', model: 'other' }])
    expect(results.map(({ ok, agent }) => [ok, agent.state])).toEqual([
      ...tasks.map(() => [false, 'failed']),
      [true, 'idle'],
    ])
    const untried = results.filter(({ error }) =>
      error?.message.includes('it was not tried, as 5 before it failed alike'),
    )
    expect(untried.map(({ place: where }) => where)).toEqual(['task 6', 'task 7', 'task 8'])
    const { agents } = await status(orch)
    expect(agents.filter(({ state }) => state === 'failed')).toHaveLength(8)
  })

  it('asks as little for 30 tasks as for one', async () => {
    const counts: number[] = []
    for (const many of [1, 30]) {
      let calls = 0
      const counted =
        <A extends unknown[], R>(call: (...args: A) => R) =>
        (...args: A): R => {
          calls++
          return call(...args)
        }
      const count = (backend: Backend): Backend => ({
        ...backend,
        probe: counted(backend.probe),
        observe: counted(backend.observe),
        find: counted(backend.find),
      })
      await spawnEach(await place.open({ wrap: count }), hanging(many, { maxParallel: 1 }))
      counts.push(calls)
    }
    expect(counts[1]).toBeLessThanOrEqual((counts[0] as number) + 1)
  })
})

describe('spawnEach() makes nothing', () => {
  const refused: readonly (readonly [string, readonly SpawnTask[], string, string])[] = [
    ['of no tasks', [], 'USAGE', 'Cannot spawn 0 agents at once'],
    ['when a task is empty', [{ task: 'x' }, { task: ' ' }], 'EMPTY_TASK', 'the task is empty (task 2)'],
    ['when a name is none', [{ task: 'x', name: 'A!', place: 'line 3' }], 'USAGE', '(line 3)'],
    [
      'when two have one key',
      [1, 2].map(() => ({ task: 'x', key: 'k' })),
      'USAGE',
      'its key is that of task 1 too (task 2)',
    ],
    ['when a key is empty', [{ task: 'x', key: ' ' }], 'USAGE', 'its key is empty (task 1)'],
    [
      'when who it comes after is unknown',
      [{ task: 'x', after: [{ agent: 'nobody' }] }],
      'AGENT_NOT_FOUND',
      '(task 1)',
    ],
    [
      'when it comes after itself',
      [{ task: 'x', name: 'a', after: [{ agent: 'a' }] }],
      'USAGE',
      'in a circle: task 1 after task 1',
    ],
    [
      'when some come after one another',
      [
        { task: 'x', name: 'a', after: [{ agent: 'c' }] },
        { task: 'x', name: 'b', after: [{ agent: 'a' }] },
        { task: 'x', name: 'c', after: [{ agent: 'b' }], place: 'line 7' },
      ],
      'USAGE',
      'in a circle: task 1 after line 7 after task 2 after task 1',
    ],
    [
      'when several are called as one that it comes after',
      [
        { task: 'x', name: 'a' },
        { task: 'x', name: 'a' },
        { task: 'x', after: [{ agent: 'a' }] },
      ],
      'USAGE',
      'several tasks are called that (task 3)',
    ],
    [
      'when it comes after a state that nobody waits for',
      [
        { task: 'x', name: 'a' },
        { task: 'x', after: [{ agent: 'a', state: 'unknown' }] },
      ],
      'USAGE',
      'nobody waits for that (task 2)',
    ],
    ['when a file is not there', [{ task: 'x' }, { task: 'x', attach: ['nowhere.png'] }], 'FILE_NOT_FOUND', '(task 2)'],
    ['when its parent is unknown', [{ task: 'x', parent: 'nobody' }], 'AGENT_NOT_FOUND', '(task 1)'],
  ]

  it.each(refused)('%s', async (_, tasks, code, text) => {
    const orch = await place.open()
    await expect(spawnEach(orch, tasks)).rejects.toMatchObject({ code, message: expect.stringContaining(text) })
    expect(await orch.registry.ids('open')).toEqual([])
  })
})

it('says how many are queued when a later one cannot be made any more', async () => {
  const orch = await place.open()
  const { create } = orch.registry
  let left = 2
  const registry = {
    ...orch.registry,
    create: async (record: Parameters<typeof create>[0]) => {
      if (left-- === 0) throw new OrchError('DISK', 'Cannot write the record')
      return await create(record)
    },
  }
  await expect(spawnEach({ ...orch, registry }, hanging(4, {}))).rejects.toMatchObject({
    code: 'DISK',
    message: 'Cannot write the record (task 3; 2 before it are queued)',
    outcome: 'partial',
  })
  await eventually(async () => (await status(await place.open())).agents.length === 2)
})

function hanging(count: number, options: Partial<SpawnTask>): SpawnTask[] {
  return Array.from({ length: count }, (_, index) => ({ task: `${HANG} ${index}`, ...options }))
}

function refusing(task: string): (backend: Backend) => Backend {
  return (backend) => ({
    ...backend,
    create: async (request, signal) => {
      if (request.prompt.includes(task)) throw new OrchError('CREATE_FAILED', 'Cannot create it: no')
      return await backend.create(request, signal)
    },
  })
}
