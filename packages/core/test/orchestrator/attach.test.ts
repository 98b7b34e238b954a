import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Backend, Viewer } from '../../src/backend.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { attach } from '../../src/orchestrator/attach.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('attach()', () => {
  it('names the program that shows the agent', async () => {
    const { orch, id } = await place.spawn('x')
    expect(await attach(orch, id)).toEqual({
      command: 'echo',
      args: [id],
      env: {},
      directory: place.project,
    })
  })

  it('only to look is what the viewer says for that, and is refused where it says nothing', async () => {
    const { orch, id } = await place.spawn('x')
    await expect(attach(orch, id, { readOnly: true })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: `Leave out --read-only, or follow it with "orch tail -f ${id}"`,
    })
    const wrap = (backend: Backend): Backend => ({
      ...backend,
      attach: async (...given) => ({ ...((await backend.attach?.(...given)) as Viewer), readOnlyArgs: ['look'] }),
    })
    const able = await place.open({ wrap })
    expect(await attach(able, id, { readOnly: true })).toMatchObject({ command: 'echo', args: ['look'] })
    expect(await attach(able, id)).toMatchObject({ args: [id] })
  })

  it('is refused where there is no viewer, and for an agent that was ended', async () => {
    const { id } = await place.spawn('x')
    const without = await place.open({ memory: { without: ['attach'] } })
    await expect(attach(without, id)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: `Follow it with "orch tail -f ${id}"`,
    })
    const orch = await place.open()
    await abandon(orch, [id])
    await expect(attach(orch, id)).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })
})
