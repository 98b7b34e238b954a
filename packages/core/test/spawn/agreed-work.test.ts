import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { check } from '../../src/orchestrator/check.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('spawn() agrees on what the work is measured by', () => {
  it('records deliverables and the command as they were given, each deliverable once', async () => {
    const orch = await place.open()
    const { agent } = await spawn(orch, { task: 'x', deliverables: ['a.md', 'b', 'a.md'], verify: ['npm', 'test'] })
    const stored = await orch.registry.get(agent.id)
    expect(stored?.record).toMatchObject({ deliverables: ['a.md', 'b'], verify: ['npm', 'test'] })
  })

  it('leaves out what nobody said', async () => {
    const orch = await place.open()
    const { agent } = await spawn(orch, { task: 'x' })
    const { record } = (await orch.registry.get(agent.id)) ?? {}
    for (const field of ['skill', 'deliverables', 'verify']) expect(record).not.toHaveProperty(field)
  })

  it('takes the command of the configuration when the caller says none, as it is at spawn', async () => {
    configure({ verify: "make 'check all'" })
    const orch = await place.open()
    const { agent: one } = await spawn(orch, { task: 'x' })
    const { agent: other } = await spawn(orch, { task: 'x', verify: ['true'] })
    configure({ verify: 'true' })
    const later = await place.open()
    expect((await later.registry.get(one.id))?.record.verify).toEqual(['make', 'check all'])
    expect((await later.registry.get(other.id))?.record.verify).toEqual(['true'])
  })

  it.each([
    { deliverables: [''] },
    { deliverables: ['a\nb'] },
    { deliverables: ['a\x1b[2J'] },
    { verify: [] },
    { verify: ['', 'x'] },
  ])('refuses %j and makes nothing', async (options) => {
    const orch = await place.open()
    await expect(spawn(orch, { task: 'x', ...options })).rejects.toMatchObject({ code: 'USAGE', outcome: 'none' })
    expect((await orch.registry.list('open')).records).toEqual([])
  })
})

describe('check()', () => {
  it('looks for the deliverables in the directory of the agent', async () => {
    const orch = await place.open()
    writeFileSync(join(place.project, 'here.md'), '')
    const deliverables = ['here.md', 'gone.md', join(place.project, 'here.md'), 'here.md/below']
    const { agent } = await spawn(orch, { task: 'x', deliverables })
    expect((await check(orch, agent.id)).deliverables).toEqual([
      { path: 'here.md', exists: true },
      { path: 'gone.md', exists: false },
      { path: join(place.project, 'here.md'), exists: true },
      { path: 'here.md/below', exists: false },
    ])
  })
})

function configure(config: object): void {
  mkdirSync(join(place.project, '.orch'), { recursive: true })
  writeFileSync(join(place.project, '.orch', 'config.json'), JSON.stringify(config))
}
