import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import type { ServerControl } from '../../src/backend.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { server, serverLogs } from '../../src/orchestrator/server.ts'
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

describe('serverLogs()', () => {
  const linesOf = async (orch: Orch, last?: number): Promise<string[]> => {
    const lines: string[] = []
    for await (const { text } of serverLogs(orch, { last })) lines.push(text)
    return lines
  }

  it('gives the last lines of the log that the backend names, without terminal control sequences', async () => {
    const log = join((await scope.use(temporaryFolder())).path, 'server.log')
    writeFileSync(log, 'first\n\u001b[31mred\u001b[0m\nlast\n')
    const real = await (await place.open()).backend('memory')
    const control = real.server as ServerControl
    const status: ServerControl['status'] = async (signal) => ({ ...(await control.status(signal)), log })
    const orch = await place.open({ backends: { logging: () => ({ ...real, server: { ...control, status } }) } })
    expect(await linesOf(orch, 2)).toEqual(['red', 'last'])
    expect(await linesOf(orch)).toHaveLength(3)
  })

  it('is refused where nothing was started, where no log is kept, and where there is no server', async () => {
    const orch = await place.open()
    await expect(linesOf(orch)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' })
    await server(orch, 'start')
    await expect(linesOf(orch)).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('none') })
    await expect(linesOf(await place.open({ backends: {} }))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})
