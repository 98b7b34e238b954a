import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Capability } from '../../src/agent.ts'
import type { Backend, ProbeResult } from '../../src/backend.ts'
import type { SpawnOptions } from '../../src/orchestrator/options.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { chooseBackend, chooseProgram } from '../../src/spawn/choose-backend.ts'
import { createPlace, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
const ALL: readonly Capability[] = ['programs', 'models']
const READY: ProbeResult = { ok: true, startable: false, version: '1', epoch: null, error: null, checks: [] }
const DOWN: ProbeResult = { ...READY, ok: false, error: { code: 'DOWN', text: 'it does not run' } }
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('chooseBackend() by name', () => {
  const backends = { one: { probe: READY }, two: { probe: READY } }

  it('takes the flag before the environment, that before the project, that before the user', async () => {
    const user = { defaultBackend: 'one' }
    expect(await chosen({}, { user })).toBe('one')
    expect(await chosen({}, { user, own: { defaultBackend: 'two' } })).toBe('two')
    expect(await chosen({ ORCH_BACKEND: 'one' }, { own: { defaultBackend: 'two' } })).toBe('one')
    expect(await chosen({ ORCH_BACKEND: 'one' }, {}, 'two')).toBe('two')
  })

  it('does not ask whether it can be reached: creating says so', async () => {
    const orch = await withBackends({ one: { probe: new Error('must not be asked') } }, { backend: 'one' })
    expect((await chooseBackend(orch, { task: 'x' })).name).toBe('one')
  })

  it('does not take another one in its place', async () => {
    const orch = await withBackends(backends, { backend: 'nope' })
    await expect(chooseBackend(orch, { task: 'x' })).rejects.toMatchObject({ code: 'BACKEND_UNKNOWN' })
  })

  it.each<readonly [Partial<SpawnOptions>, string]>([
    [{ program: 'vim' }, '--program'],
    [{ programCommand: ['vim'] }, '--program'],
    [{ model: 'm' }, '--model'],
    [{ mode: 'plan' }, '--as'],
    [{ permission: 'ask' }, '--permission'],
    [{ permissionRules: [{ permission: 'bash', pattern: '*', action: 'deny' }] }, '--permission'],
  ])('refuses %j where it is not supported', async (options, flag) => {
    const orch = await withBackends({ one: { probe: READY, can: [] } }, { backend: 'one' })
    await expect(chooseBackend(orch, { task: 'x', ...options })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      backend: 'one',
      message: expect.stringContaining(flag),
    })
  })

  async function chosen(
    env: Record<string, string>,
    files: { readonly user?: object; readonly own?: object },
    backend?: string,
  ): Promise<string> {
    const fresh = await createPlace(scope)
    write(join(fresh.folder, 'home/.config/orch/config.json'), files.user ?? {})
    write(join(fresh.project, '.orch/config.json'), files.own ?? {})
    const orch = await withBackends(backends, { env: { ...fresh.env, ...env }, directory: fresh.project, backend })
    return (await chooseBackend(orch, { task: 'x' })).name
  }
})

describe('chooseBackend() without a name', () => {
  it.each<readonly [string, Record<string, Fake>, Partial<SpawnOptions>, string]>([
    [
      'takes the first that is reached',
      { one: { probe: DOWN }, two: { probe: READY }, three: { probe: READY } },
      {},
      'two',
    ],
    [
      'takes the first that can be started',
      { one: { probe: DOWN }, two: { probe: { ...DOWN, startable: true } } },
      {},
      'two',
    ],
    [
      'takes the first that can do what is asked',
      { one: { probe: READY, can: [] }, two: { probe: READY } },
      { model: 'm' },
      'two',
    ],
    ['goes on when one cannot be asked', { one: { probe: new Error('oops') }, two: { probe: READY } }, {}, 'two'],
    ['needs no agent program for one that is given', { one: { probe: DOWN } }, { programCommand: ['sh'] }, 'one'],
  ])('%s', async (_, backends, options, name) => {
    expect((await chooseBackend(await withBackends(backends), { task: 'x', ...options })).name).toBe(name)
  })

  it('says what each of them lacks when none can be used', async () => {
    const failed = { name: 'x', result: 'fail', text: 'tmux is not installed', fix: 'apt install tmux' } as const
    const orch = await withBackends({
      one: { probe: { ...DOWN, checks: [failed] } },
      two: { probe: DOWN },
      three: { probe: READY, can: [] },
      four: { probe: new Error('oops') },
    })
    const missing = chooseBackend(orch, { task: 'x', model: 'm' })
    await expect(missing).rejects.toMatchObject({
      code: 'BACKEND_MISSING',
      hint: expect.stringContaining('orch doctor'),
    })
    const { message } = (await missing.catch((error) => error)) as Error
    for (const part of [
      'one: tmux is not installed',
      'two: it does not run',
      'three: does not support --model',
      'four: Cannot probe',
    ])
      expect(message).toContain(part)
  })

  it('says so when none is known', async () => {
    const orch = await place.open({ backends: {} })
    await expect(chooseBackend(orch, { task: 'x' })).rejects.toMatchObject({ code: 'BACKEND_MISSING' })
  })

  it('rejects with the reason when it is aborted', async () => {
    const orch = await withBackends({ one: { probe: READY } })
    await expect(chooseBackend(orch, { task: 'x', signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  })
})

describe('chooseProgram()', () => {
  it('is complete for one that the configuration knows', async () => {
    write(join(place.project, '.orch/config.json'), { programs: { mine: { command: 'my-agent', args: ['-x'] } } })
    expect(chooseProgram(await place.open(), { task: 'x', program: 'mine' })).toEqual({
      spec: { name: 'mine', command: 'my-agent', args: ['-x'], env: {}, promptBy: null },
      name: null,
    })
  })

  it.each(['claude', 'constructor', '__proto__'])(
    'leaves the name %s, which it does not know, to the backend',
    async (program) => {
      expect(chooseProgram(await place.open(), { task: 'x', program })).toEqual({ spec: null, name: program })
    },
  )

  it('is what the command line says, word for word', async () => {
    const programCommand = ['/opt/my agent/bin/run', '--flag', 'two words', '; rm -rf /', '']
    expect(chooseProgram(await place.open(), { task: 'x', programCommand, program: 'claude' })).toEqual({
      spec: { name: 'run', command: programCommand[0], args: programCommand.slice(1), env: {}, promptBy: null },
      name: null,
    })
  })

  it('is none when none is asked for', async () => {
    expect(chooseProgram(await place.open(), { task: 'x' })).toEqual({ spec: null, name: null })
  })
})

interface Fake {
  readonly probe: ProbeResult | Error
  /** @default all */
  readonly can?: readonly Capability[]
}

describe('chooseBackend() without a name', () => {
  it('says that the options exclude each other when no backend does all of them', async () => {
    const orch = await withBackends({
      one: { probe: READY, can: ['programs'] },
      two: { probe: READY, can: ['models'] },
    })
    const asked = chooseBackend(orch, { task: 'x', program: 'cat', permission: 'ask' })
    await expect(asked).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('--permission') })
  })

  it('says that a backend is missing when one lacks an option and another cannot be reached', async () => {
    const orch = await withBackends({ one: { probe: READY, can: [] }, two: { probe: DOWN } })
    const asked = chooseBackend(orch, { task: 'x', model: 'm' })
    await expect(asked).rejects.toMatchObject({ code: 'BACKEND_MISSING' })
  })

  it('asks no longer than one request may take', async () => {
    const orch = await withBackends({ one: { probe: READY } }, { requestTimeoutMs: 5 })
    const slow = { ...(await orch.backend('one')), probe: () => new Promise<never>(() => {}) }
    const asked = chooseBackend({ ...orch, backend: async () => slow }, { task: 'x' })
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining('"one": no answer within 5 ms') })
  })

  it('refuses options of a backend that are not valid, with the file', async () => {
    write(join(place.project, '.orch', 'config.json'), {
      backends: { memory: { module: '@orch/core/memory', bad: 1 } },
    })
    const orch = await place.open({
      backends: {},
      knownBackends: [{ name: 'memory', load: () => import('../../src/memory/index.ts') }],
    })
    const file = join(place.project, '.orch', 'config.json')
    await expect(chooseBackend(orch, { task: 'x' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(file),
    })
  })
})

async function withBackends(fakes: Readonly<Record<string, Fake>>, options: PlaceOptions = {}): Promise<Orch> {
  const real = await (await place.open()).backend('memory')
  const backends = Object.entries(fakes).map(([name, { probe, can = ALL }]): [string, () => Backend] => [
    name,
    () => ({
      ...real,
      name,
      capabilitiesOf: () => can,
      probe: async () => {
        if (probe instanceof Error) throw probe
        return probe
      },
    }),
  ])
  return await place.open({ backends: Object.fromEntries(backends), ...options })
}

function write(file: string, value: object): void {
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, JSON.stringify(value))
}
