import { beforeEach, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { label } from '../../src/orchestrator/label.ts'
import { status } from '../../src/orchestrator/status.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

it('label() changes the labels that spawn() gave, and shows them without a change', async () => {
  const orch = await place.open()
  const { agent } = await spawn(orch, { task: 'x', labels: { team: 'api', urgent: '' } })
  expect(agent.labels).toEqual({ team: 'api', urgent: '' })
  const results = [{ id: agent.id, ok: true, labels: { sprint: '12', team: 'web' }, error: null }]
  expect(await label(orch, [agent.id], { team: 'web', urgent: null, sprint: '12' })).toMatchObject({ results })
  expect(await label(orch, [agent.id])).toMatchObject({ results })
  expect((await status(orch)).agents).toMatchObject([{ labels: { sprint: '12', team: 'web' } }])
})

it('label() by many at once loses none', async () => {
  const { id } = await place.spawn('x')
  const all = await Promise.all(Array.from({ length: 8 }, () => place.open()))
  await Promise.all(all.map((orch, index) => label(orch, [id], { [`k${index}`]: 'v' })))
  const [{ labels } = { labels: null }] = (await label(await place.open(), [id])).results
  expect(Object.keys(labels ?? {})).toHaveLength(8)
})

it('label() says for each agent why it was not changed', async () => {
  const { orch, id } = await place.spawn('x')
  await abandon(orch, [id])
  const { results } = await label(orch, [id, 'never-was'], { a: 'b' })
  expect(results).toMatchObject([
    { id, ok: false, labels: null, error: { code: 'UNSUPPORTED' } },
    { id: 'never-was', ok: false, error: { code: 'AGENT_NOT_FOUND' } },
  ])
  expect(await label(orch, [id])).toMatchObject({ results: [{ ok: true, labels: {} }] })
})

it('spawn() takes its parent from an option before the environment, and refuses one that is not there', async () => {
  const { orch, id } = await place.spawn('parent')
  const child = await spawn(orch, { task: 'x', parent: 'parent' })
  expect(child.agent.parent).toBe(id)
  const inside = await place.open({ env: { ...place.env, ORCH_AGENT_ID: child.agent.id } })
  expect((await spawn(inside, { task: 'x' })).agent.parent).toBe(child.agent.id)
  expect((await spawn(inside, { task: 'x', parent: id })).agent.parent).toBe(id)
  await expect(spawn(orch, { task: 'x', parent: 'never-was' })).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  const strange = await place.open({ env: { ...place.env, ORCH_AGENT_ID: '../x' } })
  expect((await spawn(strange, { task: 'x' })).agent.parent).toBeNull()
})
