import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { OrchError } from '../../src/errors.ts'
import type { OrchOptions } from '../../src/orchestrator/options.ts'
import { callBackend, type Orch, openOrch } from '../../src/orchestrator/orch.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('openOrch()', () => {
  it('opens no backend and starts nothing', async () => {
    const opened: string[] = []
    const load = (name: string) => async () => {
      opened.push(name)
      throw new Error('must not be loaded')
    }
    const orch = await openOrch({
      directory: place.project,
      env: place.env,
      knownBackends: [{ name: 'known', load: load('known') }],
      backends: {
        given: () => {
          throw new Error('must not be opened')
        },
      },
    })
    expect(orch).toMatchObject({
      project: place.project,
      directory: place.project,
      backendName: null,
      knownNames: ['given', 'known'],
      backendNames: ['given', 'known'],
      command: null,
      requestTimeoutMs: 30_000,
    })
    await orch.close()
    expect(opened).toEqual([])
  })

  it('keeps everything below the state folder of its environment', async () => {
    const orch = await openOrch({
      directory: place.project,
      env: { ...place.env, XDG_STATE_HOME: join(place.folder, 'xdg') },
    })
    expect(await orch.registry.ids('open')).toEqual([])
    expect(orch.claims.create('x', 1, 'y')).toBe(true)
    rmSync(join(place.folder, 'xdg', 'orch', 'agents'), { recursive: true })
    await expect(orch.registry.ids('open')).rejects.toMatchObject({ code: 'DISK' })
  })

  it.each<readonly [string, () => unknown, string]>([
    ['a project that is not there', () => rmSync(place.project, { recursive: true }), 'PROJECT_NOT_FOUND'],
    ['a broken configuration', () => write('.orch/config.json', '{'), 'CONFIG_INVALID'],
    ['a state folder where a file stands', () => write('../home/.local/state', 'x'), 'DISK'],
  ])('refuses %s', async (_, act, code) => {
    act()
    await expect(place.open()).rejects.toMatchObject({ code, hint: expect.any(String) })
  })

  it('is fine where .orch is a file: only a spawn needs it', async () => {
    write('.orch', '')
    await expect(place.open()).resolves.toMatchObject({ project: place.project })
  })
})

describe('openOrch() with a server', () => {
  const load = (): never => {
    throw new Error('must not be loaded')
  }
  const knownBackends = [
    { name: 'local', load },
    { name: 'remote', takesServer: true, load },
  ]
  const server = 'http://me:secret@far:4096'
  const open = (options: OrchOptions): Promise<Orch> =>
    openOrch({ directory: place.project, env: place.env, knownBackends, server, ...options })

  it('gives it to the first backend that takes one, over its configuration', async () => {
    write('.orch/config.json', JSON.stringify({ backends: { remote: { server: 'http://near', command: 'x' } } }))
    const { backendName, config } = await open({})
    expect(backendName).toBe('remote')
    expect(config.backends.remote).toMatchObject({ options: { server, command: 'x' } })
  })

  it('gives it to the backend named, which may be one of a module', async () => {
    const { backendName, config } = await open({ backend: 'other' })
    expect(backendName).toBe('other')
    expect(config.backends.other).toMatchObject({ options: { server } })
  })

  it.each<OrchOptions>([{ backend: 'local' }, { knownBackends: [] }])(
    'refuses it where none takes it: %j',
    async (options) => {
      await expect(open(options)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(/^Cannot use the server "http:\/\/far:4096": /),
      })
    },
  )
})

describe('callBackend()', () => {
  const call = { backend: 'b', agent: 'a-7k3q', verb: 'send to', timeoutMs: 60_000 }

  it('gives an error its agent and backend, and keeps what it says', async () => {
    const cause = new OrchError('UNAUTHORIZED', 'Cannot log in: no', {
      hint: 'Do',
      outcome: 'partial',
      retryable: true,
    })
    const failed = callBackend(call, () => Promise.reject(cause))
    await expect(failed).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: 'Cannot log in: no',
      hint: 'Do',
      outcome: 'partial',
      retryable: true,
      agent: 'a-7k3q',
      backend: 'b',
    })
  })

  it.each([
    [false, 'none', true],
    [true, 'unknown', false],
  ])('says at the deadline that a call which acts (%j) has outcome %s', async (acts, outcome, retryable) => {
    const failed = callBackend({ ...call, acts, timeoutMs: 5 }, () => new Promise(() => {}))
    await expect(failed).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'Cannot send to "a-7k3q": no answer within 5 ms',
      outcome,
      retryable,
      hint: expect.any(String),
    })
  })

  it('calls anything else a bug, and keeps its cause', async () => {
    const cause = new TypeError('x is undefined')
    await expect(callBackend(call, () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'Cannot send to "a-7k3q": x is undefined',
      cause,
      backend: 'b',
    })
    const thrown = callBackend(call, () => {
      throw cause
    })
    await expect(thrown).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('rejects with the reason of its signal, whatever the work says', async () => {
    const controller = new AbortController()
    const running = callBackend({ ...call, signal: controller.signal }, async (signal) => {
      controller.abort('enough')
      signal.throwIfAborted()
      throw new OrchError('BACKEND_ERROR', 'late')
    })
    await expect(running).rejects.toBe('enough')
  })
})

function write(path: string, text: string): void {
  const file = join(place.project, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
}
