import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { server } from '../../src/orchestrator/server.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('server()', () => {
  it('starts, shows and stops it, each twice', async () => {
    const orch = await place.open()
    const seen = []
    for (const action of ['status', 'start', 'start', 'status', 'stop', 'stop', 'status'] as const)
      seen.push(await server(orch, action))
    expect(seen.map(({ action, server: { ok } }) => [action, ok])).toEqual([
      ['status', false],
      ['start', true],
      ['start', true],
      ['status', true],
      ['stop', false],
      ['stop', false],
      ['status', false],
    ])
    expect(seen[1]).toMatchObject({ apiVersion: 1, warnings: [], backend: 'memory', server: { owner: 'orch' } })
    expect(seen[1]?.server.epoch).toBe(seen[2]?.server.epoch)
  })

  it('is that of the backend asked for, else of the first that has one', async () => {
    const real = await (await place.open()).backend('memory')
    const { server: _, ...bare } = real
    const backends = { bare: () => bare, one: () => real, two: () => real }
    expect((await server(await place.open({ backends }), 'status')).backend).toBe('one')
    expect((await server(await place.open({ backends, backend: 'two' }), 'status')).backend).toBe('two')
    const without = server(await place.open({ backends, backend: 'bare' }), 'status')
    await expect(without).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('"bare"') })
    const unknown = server(await place.open({ backends, backend: 'nope' }), 'status')
    await expect(unknown).rejects.toMatchObject({ code: 'BACKEND_UNKNOWN' })
  })

  it('is unsupported without any backend', async () => {
    await expect(server(await place.open({ backends: {} }), 'status')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('says what the backend says, and that it may have acted when it did not answer', async () => {
    place.server.freeze()
    await expect(server(await place.open(), 'start')).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
      backend: 'memory',
    })
  })
})
