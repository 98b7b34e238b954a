import { beforeEach, describe, expect, it } from '@jest/globals'
import { freePort } from '../harness/free-port.ts'
import { perTest } from '../harness/scope.ts'
import { type CountingProxy, startProxy, type Treatment } from '../harness/start-proxy.ts'
import { expectRefused } from './support/expect-refused.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const scope = perTest()
let place: Place
let server: CountingProxy

beforeEach(async () => {
  server = await scope.use(startProxy({ target: 'http://127.0.0.1:1' }))
  place = await scope.use(tmuxPlace({ ORCH_BACKEND: 'opencode', OPENCODE_URL: server.url }))
})

const json = 'application/json'
const html = { status: 200, type: 'text/html', body: '<!doctype html><title>Grafana</title>' }
const treatments: readonly (readonly [what: string, code: string, exitCode: number, treatment: Treatment])[] = [
  ['answers 500', 'BACKEND_ERROR', 76, { status: 500, type: json, body: '{"name":"Oops"}' }],
  ['answers 500 with a page', 'BACKEND_ERROR', 76, { status: 500, type: 'text/html', body: '<h1>Oops</h1>' }],
  ['answers garbage', 'BAD_ANSWER', 76, { status: 200, type: json, body: '{"healthy": tru' }],
  ['is another program', 'WRONG_SERVER', 76, html],
  ['is another program with JSON', 'WRONG_SERVER', 76, { status: 200, type: json, body: '{"status":"ok"}' }],
  ['wants another password', 'UNAUTHORIZED', 77, { status: 401, type: 'text/plain', body: 'no' }],
  ['breaks every connection', 'BACKEND_UNREACHABLE', 69, 'reset'],
  ['accepts and says nothing', 'TIMEOUT', 124, 'nothing'],
]

describe('a configured OpenCode server', () => {
  beforeEach(async () => {
    await place.write('.orch/config.json', JSON.stringify({ backends: { opencode: { requestTimeoutMs: 500 } } }))
  })

  it.each(treatments)(
    'that %s is named with %s, exit code %i, and nothing is made',
    async (_, code, exitCode, treatment) => {
      server.intercept(() => treatment)
      await expectRefused(place, { args: ['spawn', 'x'], code, exitCode, recorded: true, says: server.url })
      expect(await place.json('status', '--request-timeout', '1s')).toMatchObject({
        code: 0,
        agents: [],
        complete: true,
        backends: expect.arrayContaining([
          expect.objectContaining({ name: 'opencode', ok: false, error: expect.objectContaining({ code }) }),
        ]),
      })
      expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    },
  )

  it('at a port where nothing listens is unreachable, exit code 69', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const refusal = { code: 'BACKEND_UNREACHABLE', exitCode: 69, says: url, env: { OPENCODE_URL: url } }
    await expectRefused(place, { args: ['spawn', 'x'], ...refusal, recorded: true })
  })

  it('whose address is no URL is a configuration error, exit code 78, and its password is not printed', async () => {
    const env = { OPENCODE_URL: 'ftp://me:secret@example.com' }
    await expectRefused(place, { args: ['spawn', 'x'], code: 'CONFIG_INVALID', exitCode: 78, says: 'example.com', env })
    expect((await place.orchWith({ env }, 'spawn', 'x')).stderr).not.toContain('secret')
  })
})
