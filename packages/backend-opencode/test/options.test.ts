import { describe, expect, it } from '@jest/globals'
import { BACKEND_API_VERSION, type JsonObject } from '@orch/core'
import { apiVersion, createBackend } from '../src/index.ts'

const host = { name: 'opencode', stateDirectory: '/nonexistent', namespace: 'test00000000', env: {} }

describe('createBackend()', () => {
  it('speaks the contract of this core', () => {
    expect(apiVersion).toBe(BACKEND_API_VERSION)
  })

  it('refuses what it does not know, naming the key', () => {
    const cases: [JsonObject, RegExp][] = [
      [{ port: 1 }, /option "port" .*there is no such option/],
      [{ server: 4096 }, /option "server" .*it is not a text/],
      [{ command: '' }, /option "command" .*it is not a text/],
      [{ requestTimeoutMs: '5s' }, /option "requestTimeoutMs" .*not a number of milliseconds/],
      [{ requestTimeoutMs: 0 }, /option "requestTimeoutMs"/],
    ]
    for (const [options, message] of cases) expect(() => createBackend(options)).toThrow(message)
    expect(() => createBackend({ port: 1 })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it('opens nothing and makes no file', () => {
    const backend = createBackend({ module: '@orch/backend-opencode', requestTimeoutMs: 100 })(host)
    expect(backend).toMatchObject({ name: 'opencode', target: { managed: true } })
    expect(backend.capabilitiesOf(null)).toContain('server')
  })

  it('takes the server from its options, else from OPENCODE_URL', () => {
    const env = { OPENCODE_URL: 'http://me:secret@127.0.0.1:1/' }
    expect(createBackend({})({ ...host, env }).target).toEqual({ server: 'http://127.0.0.1:1' })
    expect(createBackend({ server: 'http://127.0.0.1:2' })({ ...host, env }).target).toEqual({
      server: 'http://127.0.0.1:2',
    })
  })
})
