import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { interrupt } from '../../src/orchestrator/interrupt.ts'
import { resume } from '../../src/orchestrator/resume.ts'
import { countLooks } from '../harness/count-looks.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('resume()', () => {
  it.each([
    ['[[answer: half]]', 'TURN_ENDED'],
    ['[[error: no]]', 'TURN_ERROR'],
  ])('has an agent go on that stopped after %s', async (task, code) => {
    const { orch, id } = await place.spawn(task)
    expect(await resume(orch, [id])).toMatchObject({
      dryRun: false,
      results: [{ id, ok: true, stopped: { code }, receipt: { delivery: 'confirmed' }, error: null }],
    })
    expect(place.server.received(id).slice(1)).toEqual([expect.stringContaining('Go on with your task')])
  })

  it('of an interrupted turn says why, and tells the agent what it is given', async () => {
    const { orch, id } = await place.spawn('[[hang: a]]')
    await interrupt(orch, id)
    expect(await resume(orch, [id], { dryRun: true })).toMatchObject({
      dryRun: true,
      results: [{ ok: true, stopped: { code: 'INTERRUPTED' }, receipt: null }],
    })
    expect(place.server.received(id)).toHaveLength(1)
    await resume(orch, [id], { message: 'Now' })
    expect(place.server.received(id).slice(1)).toEqual(['Now'])
  })

  it.each([
    ['whose turn runs', '[[hang: a]]', 'NOT_STOPPED'],
    ['that waits', '[[permission: a]]', 'WAITING'],
  ])('leaves one alone %s', async (_, task, code) => {
    const { orch, id } = await place.spawn(task)
    expect(await resume(orch, [id])).toMatchObject({
      results: [{ id, ok: false, stopped: null, receipt: { delivery: 'refused', reason: { code } } }],
    })
    expect(place.server.received(id)).toHaveLength(1)
  })

  it('looks once at any number of agents, each with its own result', async () => {
    const looks: number[] = []
    const one = await place.spawn('x')
    const other = await place.spawn('y')
    const orch = await place.open({ wrap: countLooks(looks) })
    expect((await resume(orch, [one.id, 'nobody-7k3q', other.id])).results).toMatchObject([
      { id: one.id, ok: true },
      { id: 'nobody-7k3q', ok: false, error: { code: 'AGENT_NOT_FOUND' } },
      { id: other.id, ok: true },
    ])
    expect(looks).toEqual([2])
  })
})
