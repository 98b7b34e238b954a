import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { send } from '../../src/messages/send.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { interrupt } from '../../src/orchestrator/interrupt.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('interrupt()', () => {
  it('ends the turn and keeps the agent', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    expect(await interrupt(orch, id)).toMatchObject({
      apiVersion: 1,
      warnings: [],
      interrupted: true,
      evidence: [expect.anything()],
      agent: { id, state: 'idle', reason: { code: 'INTERRUPTED' } },
    })
    expect((await send(orch, id, 'next')).receipt.delivery).toBe('confirmed')
  })

  it('says so when no turn was running', async () => {
    const { orch, id } = await place.spawn('x')
    expect(await interrupt(orch, id)).toMatchObject({ interrupted: false, agent: { state: 'idle' } })
    await complete(orch, [id], { force: true })
    expect(await interrupt(orch, id)).toMatchObject({ interrupted: false, agent: { state: 'done' } })
  })

  it('does nothing to a spawn that has made nothing yet', async () => {
    const orch = await place.open()
    const half = interrupted(orch, { target: (await orch.backend('memory')).target })
    await orch.registry.create(half)
    expect(await interrupt(orch, half.id)).toMatchObject({ interrupted: false, evidence: [] })
  })

  it('is unsupported where the backend cannot end a turn', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]', { memory: { without: ['interrupt'] } })
    await expect(interrupt(orch, id)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      agent: id,
      backend: 'memory',
      hint: expect.stringContaining('orch abandon'),
    })
  })

  it('passes on that the backend cannot be reached, and that there is no such agent', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    place.server.freeze()
    await expect(interrupt(orch, id)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE', agent: id })
    place.server.thaw()
    await expect(interrupt(orch, 'nobody-7k3q')).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })
})
