import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { BackendHost, BackendModule } from '../../src/backend.ts'
import type { JsonObject } from '../../src/json.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { status } from '../../src/orchestrator/status.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
const ECHO = `export const apiVersion = 1
export const createBackend = (options) => (host) => ({ name: host.name, target: options, close: async () => {} })`
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('Orch.backend()', () => {
  it('opens one that was given, before the configuration and the known ones', async () => {
    write('mine.mjs', ECHO)
    configure({ memory: { module: './mine.mjs' } })
    const orch = await place.open({ knownBackends: [known('memory', {})] })
    expect((await orch.backend('memory')).target).toEqual({ server: place.server.store.name })
  })

  it('opens the module that the configuration names, before the known one, with its options', async () => {
    write('.orch/mine.mjs', ECHO)
    configure({ mine: { module: './mine.mjs', url: 'x', deep: { a: [1] } } })
    const orch = await place.open({ knownBackends: [known('mine', {})] })
    expect(await orch.backend('mine')).toMatchObject({ name: 'mine', target: { url: 'x', deep: { a: [1] } } })
  })

  it('opens a package beside the configuration', async () => {
    write('node_modules/orch-backend-mine/index.mjs', ECHO)
    write('node_modules/orch-backend-mine/package.json', '{ "name": "orch-backend-mine", "main": "index.mjs" }')
    configure({ mine: { module: 'orch-backend-mine' } })
    expect((await (await place.open()).backend('mine')).name).toBe('mine')
  })

  it('opens a known one with its part of the configuration', async () => {
    configure({ mine: { url: 'x' } })
    const seen: JsonObject[] = []
    const createBackend: BackendModule['createBackend'] = (options) => {
      seen.push(options)
      return () => bare()
    }
    const orch = await place.open({ knownBackends: [known('mine', { createBackend })] })
    await orch.backend('mine')
    expect(seen).toEqual([{ url: 'x' }])
  })

  it('opens each once, and closes those it opened', async () => {
    const hosts: BackendHost[] = []
    let closed = 0
    const open = (host: BackendHost) => {
      hosts.push(host)
      return { ...bare(), close: async () => void closed++ }
    }
    const orch = await place.open({ backends: { one: open, two: open } })
    expect(await Promise.all([orch.backend('one'), orch.backend('one')])).toHaveLength(2)
    expect(hosts).toEqual([
      { name: 'one', stateDirectory: place.state, namespace: expect.stringMatching(/^[a-z0-9]{12}$/), env: place.env },
    ])
    await orch.close()
    expect(closed).toBe(1)
  })

  it('gives every registry a namespace of its own', async () => {
    const other = await createPlace(scope)
    const namespaces: string[] = []
    const open = (host: BackendHost) => {
      namespaces.push(host.namespace)
      return bare()
    }
    for (const one of [place, place, other]) await (await one.open({ backends: { one: open } })).backend('one')
    expect(namespaces[0]).toBe(namespaces[1])
    expect(namespaces[2]).not.toBe(namespaces[0])
  })

  it.each(['nope', '', 'constructor', '__proto__', 'toString'])(
    'does not know %j, and names those it knows',
    async (name) => {
      configure({ mine: { module: './mine.mjs' } })
      const orch = await place.open({ knownBackends: [known('tmux', {})] })
      await expect(orch.backend(name)).rejects.toMatchObject({
        code: 'BACKEND_UNKNOWN',
        backend: name,
        hint: 'Choose one of "memory", "tmux", "mine"',
      })
    },
  )

  it.each<readonly [string, string, string]>([
    ['is not there', '', './gone.mjs'],
    ['is no package', '', 'orch-backend-that-is-not-there'],
    ['cannot be parsed', 'not JavaScript (', './mine.mjs'],
    ['throws while it loads', 'throw new TypeError("oops")', './mine.mjs'],
    [
      'throws for its options',
      'export const apiVersion = 1; export const createBackend = () => { throw 7 }',
      './mine.mjs',
    ],
  ])('says that a module %s, and what to do', async (_, source, module) => {
    if (source !== '') write('.orch/mine.mjs', source)
    configure({ mine: { module } })
    await expect((await place.open()).backend('mine')).rejects.toMatchObject({
      code: 'BACKEND_INVALID',
      backend: 'mine',
      message: expect.stringContaining(`"${module}"`),
      hint: expect.stringContaining('backends.mine.module'),
    })
  })

  it('says which contract version a module speaks', async () => {
    write('.orch/mine.mjs', ECHO.replace('apiVersion = 1', 'apiVersion = 2'))
    configure({ mine: { module: './mine.mjs' } })
    await expect((await place.open()).backend('mine')).rejects.toMatchObject({
      code: 'BACKEND_INVALID',
      message: expect.stringMatching(/version 2 .* speaks 1/),
    })
  })

  it('passes on the error that a backend has for its options', async () => {
    configure({ mine: { module: join(import.meta.dirname, '../../src/memory/index.ts'), delayMs: 'soon' } })
    await expect((await place.open()).backend('mine')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"delayMs"'),
    })
  })
})

it('status() says that a known backend cannot be loaded, and goes on with the others', async () => {
  const broken = { name: 'broken', load: () => Promise.reject(new Error('Cannot find module "x"')) }
  const { backends } = await status(await place.open({ knownBackends: [broken] }))
  expect(backends).toMatchObject([
    { name: 'memory', error: { code: 'SERVER_DOWN' } },
    { name: 'broken', ok: false, error: { code: 'BACKEND_INVALID' } },
  ])
})

function known(name: string, module: Partial<BackendModule>): { name: string; load(): Promise<BackendModule> } {
  const fail = (): never => {
    throw new Error('another one should be opened')
  }
  return { name, load: async () => ({ apiVersion: 1, createBackend: fail, ...module }) }
}

function bare(): Awaited<ReturnType<Orch['backend']>> {
  return { close: async () => {} } as Awaited<ReturnType<Orch['backend']>>
}

function configure(backends: JsonObject): void {
  write('.orch/config.json', JSON.stringify({ backends }))
}

function write(path: string, text: string): void {
  const file = join(place.project, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
