import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Backend, ProbeResult } from '../../src/backend.ts'
import { doctor } from '../../src/orchestrator/doctor.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
const LACKING = { name: 'thing', result: 'fail', text: 'thing is not installed', fix: 'apt install thing' } as const
const NOTHING: ProbeResult = { ok: false, startable: false, version: null, epoch: null, error: null, checks: [LACKING] }
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('doctor()', () => {
  it('is content with a backend that can be started', async () => {
    const document = await doctor(await place.open())
    expect(document).toMatchObject({ apiVersion: 1, warnings: [], ok: true })
    expect(document.checks.map(({ name, result }) => [name, result])).toEqual([
      ['project', 'ok'],
      ['records', 'ok'],
    ])
  })

  it('fails for a default backend that nobody knows', async () => {
    const { ok, checks } = await doctor(await place.open({ env: { ...place.env, ORCH_BACKEND: 'nope' } }))
    expect(ok).toBe(false)
    expect(checks).toContainEqual(expect.objectContaining({ name: 'configuration', result: 'fail' }))
  })

  it('looks at all the rest too when a configuration is not valid', async () => {
    mkdirSync(join(place.project, '.orch'))
    writeFileSync(join(place.project, '.orch/config.json'), '{ "maxParallel": 0, "defaultBackend": "nope" }')
    const { ok, checks } = await doctor(await place.open({ brokenConfig: 'leave-out' }))
    expect(ok).toBe(false)
    const failed = checks.filter(({ result }) => result === 'fail').map(({ text, fix }) => [text, fix])
    expect(failed).toEqual([
      [expect.stringContaining('at "maxParallel"'), expect.stringMatching(/^Mend "maxParallel" in /)],
      [expect.stringContaining('"nope" is not known'), 'orch config set defaultBackend memory'],
    ])
    expect(checks.map(({ name }) => name)).toContain('records')
  })

  it('fails for a default backend that cannot be used, though another one can', async () => {
    const probes = [NOTHING, { ...NOTHING, startable: true, checks: [] }]
    const { ok, checks } = await doctor(await withProbes({ ORCH_BACKEND: 'b0' }, ...probes))
    expect(ok).toBe(false)
    expect(checks).toContainEqual({
      ...{ name: 'configuration', result: 'fail', text: 'The default backend "b0" cannot be used' },
      fix: 'orch config set defaultBackend b1',
    })
    expect((await doctor(await withProbes({ ORCH_BACKEND: 'b1' }, ...probes))).ok).toBe(true)
  })

  it('says what is missing and the command that mends it, when no backend can be used', async () => {
    const { ok, checks } = await doctor(await withProbes({}, NOTHING))
    expect(ok).toBe(false)
    expect(checks).toContainEqual(LACKING)
    expect(checks.at(-1)).toMatchObject({ name: 'backends', result: 'fail' })
  })

  it('only warns of what one backend lacks while another can be used', async () => {
    const { ok, checks } = await doctor(await withProbes({}, NOTHING, { ...NOTHING, startable: true, checks: [] }))
    expect(ok).toBe(true)
    expect(checks).toContainEqual({ ...LACKING, result: 'warn' })
  })

  it('says which backend cannot be loaded or does not answer', async () => {
    const orch = await place.open({
      knownBackends: [{ name: 'broken', load: () => Promise.reject(new Error('Cannot find module')) }],
      wrap: (backend) => ({ ...backend, probe: () => Promise.reject(new Error('oops')) }),
    })
    const { ok, checks } = await doctor(orch)
    expect(ok).toBe(false)
    const failed = checks.filter(({ result }) => result === 'fail')
    expect(failed.map(({ name }) => name)).toEqual(['memory', 'broken', 'backends'])
    for (const { text } of failed.slice(0, 2)) expect(text).toMatch(/^Cannot /)
  })

  it('names damaged records and where they are', async () => {
    const { orch, id } = await place.spawn('x')
    writeFileSync(place.recordFile('broken-7k3q'), 'garbage')
    writeFileSync(place.recordFile(id), `\n{"v":1,"uid":"u","base":99,"at":"","type":"x","set":{}}\n`, { flag: 'a' })
    const check = (await doctor(orch)).checks.find(({ name }) => name === 'records')
    expect(check).toMatchObject({ result: 'warn', fix: expect.stringContaining(place.state) })
    expect(check?.text).toContain(id)
    expect(check?.text).toContain('broken-7k3q')
  })

  it('says that the records cannot be listed', async () => {
    const orch = await place.open()
    renameSync(join(place.state, 'agents'), join(place.state, 'moved'))
    const { ok, checks } = await doctor(orch)
    expect(ok).toBe(false)
    expect(checks).toContainEqual(expect.objectContaining({ name: 'records', result: 'fail' }))
  })

  it('starts nothing', async () => {
    await doctor(await place.open())
    expect(place.server.store.read().status).toBe('down')
  })

  it('rejects with the reason when it is aborted', async () => {
    await expect(doctor(await place.open(), { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  })
})

async function withProbes(env: Record<string, string>, ...results: readonly ProbeResult[]): Promise<Orch> {
  const real = await (await place.open()).backend('memory')
  const backends = results.map((result, index): [string, () => Backend] => [
    `b${index}`,
    () => ({ ...real, probe: async () => result }),
  ])
  return await place.open({ backends: Object.fromEntries(backends), env: { ...place.env, ...env } })
}
