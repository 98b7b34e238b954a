import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AgentRef, Backend } from '@orch/core'
import { freePort } from '../../../tests/harness/free-port.ts'
import { perFile, perTest } from '../../../tests/harness/scope.ts'
import { startProxy } from '../../../tests/harness/start-proxy.ts'
import { type OpenCodeOptions, opencode } from '../src/index.ts'
import { createAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const own = perTest()
const { signal } = new AbortController()
let site: Site
beforeAll(async () => {
  site = await openSite(scope)
  await site.open().server?.start(signal)
})

/** A backend whose server was given by URL, and which has nothing else to go by. */
function given(url: string, options: OpenCodeOptions = {}): Backend {
  const { stateDirectory, environment } = site
  const env = { HOME: environment.home, OPENCODE_URL: url, PATH: '' }
  const host = { name: 'given', stateDirectory, namespace: 'test00000000', env }
  return opencode({ password: site.record().password, ...options })(host)
}

/** Another program on a port of its own. */
async function anotherProgram(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  own.defer(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

const proxy = (): ReturnType<typeof startProxy> => own.use(startProxy({ target: site.record().url }))

/** What every call of a backend does with a server that is not usable, and what observe() says of it. */
async function expectError(backend: Backend, code: string, text: RegExp): Promise<void> {
  const request = site.request({ target: backend.target })
  const ref: AgentRef = {
    ...{ id: request.id, target: backend.target, directory: request.directory, facts: null, attempts: [] },
    handle: { sessionId: 'ses_0', directory: request.directory, model: null, mode: null },
  }
  const error = { code, message: expect.stringMatching(text), hint: expect.any(String) }
  await expect(backend.create(request, signal)).rejects.toMatchObject(error)
  await expect(backend.find([backend.target], signal)).rejects.toMatchObject(error)
  await expect(backend.read(ref, { last: 1, before: null, raw: false }, signal)).rejects.toMatchObject(error)
  await expect(backend.send(ref, { id: 'm', text: 'x' }, signal)).rejects.toMatchObject(error)
  await expect(backend.stop(ref, signal)).rejects.toMatchObject(error)
  const look = await backend.observe([ref], signal)
  const reason = { code, text: expect.stringMatching(text) }
  expect(look).toMatchObject({ complete: false, found: null, server: { ok: false, error: reason } })
  expect(look.observations).toMatchObject([{ id: ref.id, existence: { known: false, reason } }])
  const probe = await backend.probe(signal)
  expect(probe).toMatchObject({ ok: false, startable: false, error: reason })
  const fix =
    code === 'BACKEND_UNREACHABLE'
      ? { fix: `opencode serve --port ${new URL(probe.error?.text.match(/http:[^"]*/)?.[0] ?? '').port}` }
      : {}
  expect(probe.checks).toEqual([{ name: 'OpenCode server', result: 'fail', text: expect.stringMatching(text), ...fix }])
  expect(JSON.stringify([look, probe])).not.toContain(site.record().password)
}

describe('a server that was given', () => {
  it('is used and neither started nor stopped', async () => {
    const backend = given(site.record().url)
    expect(backend.target).toEqual({ server: site.record().url })
    expect(backend.server).toBeUndefined()
    expect(backend.capabilitiesOf(null)).not.toContain('server')
    expect(await backend.probe(signal)).toMatchObject({ ok: true, version: site.environment.version, epoch: null })
    const created = await backend.create(site.request({ target: backend.target }), signal)
    expect(created).toMatchObject({ epoch: null, begun: false, program: 'opencode' })
  })

  it('has the incarnation that the configuration names', async () => {
    const { url } = site.record()
    expect(await given(url, { server: url, epoch: 'container-7' }).probe(signal)).toMatchObject({
      epoch: 'container-7',
    })
  })

  it('may hold its password in the URL, which no target and no error shows', async () => {
    const { url, password } = site.record()
    const withPassword = url.replace('//', `//opencode:${password}@`)
    const backend = given(withPassword, { password: 'overridden' })
    expect(backend.target).toEqual({ server: url })
    expect(await backend.probe(signal)).toMatchObject({ ok: true })
  })

  it('that refuses the password is UNAUTHORIZED', async () => {
    await expectError(
      given(site.record().url, { password: 'wrong' }),
      'UNAUTHORIZED',
      /answered 401, the password is wrong/,
    )
  })

  it('where nothing listens is BACKEND_UNREACHABLE', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    await expectError(given(url), 'BACKEND_UNREACHABLE', /nothing answers there \(ECONNREFUSED\)/)
  })

  it('that answers 500 is BACKEND_ERROR', async () => {
    const broken = await proxy()
    broken.intercept(() => ({
      status: 500,
      type: 'application/json',
      body: '{"name":"Broken","data":{"message":"no disk"}}',
    }))
    await expectError(given(broken.url), 'BACKEND_ERROR', /answered 500 "Broken: no disk"/)
  })

  it('that never answers is TIMEOUT', async () => {
    const mute = await proxy()
    mute.intercept(() => 'nothing')
    await expectError(given(mute.url, { requestTimeoutMs: 700 }), 'TIMEOUT', /did not answer within 700 ms/)
  })

  it('that closes the connection is BACKEND_UNREACHABLE', async () => {
    const resetting = await proxy()
    resetting.intercept(() => 'reset')
    await expectError(given(resetting.url), 'BACKEND_UNREACHABLE', /closed before an answer came/)
  })

  it('that answers with nothing or with broken JSON is BAD_ANSWER', async () => {
    const empty = await proxy()
    empty.intercept(() => ({ status: 200, type: 'application/json', body: '' }))
    await expectError(given(empty.url), 'BAD_ANSWER', /answered 200 with an empty body, not with JSON/)
    empty.intercept(() => ({ status: 200, type: 'application/json', body: '{"healthy": tr' }))
    await expectError(
      given(empty.url),
      'BAD_ANSWER',
      /answered 200 with 14 characters of "application\/json", not with JSON/,
    )
  })

  it('that does not speak HTTP is BAD_ANSWER', async () => {
    const server = createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('220 mail ready\r\n'),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    own.defer(() => new Promise((resolve) => server.close(resolve)))
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    await expectError(given(url), 'BAD_ANSWER', /does not speak HTTP/)
  })

  it('that is another program is WRONG_SERVER', async () => {
    const page = await anotherProgram((_, response) => response.setHeader('content-type', 'text/html').end('<html>'))
    await expectError(
      given(page),
      'WRONG_SERVER',
      /it is not OpenCode, "GET \/global\/health" was answered 200 with "text\/html"/,
    )
    const json = await anotherProgram((_, response) =>
      response.setHeader('content-type', 'application/json').end('{"status":"fine"}'),
    )
    await expectError(given(json), 'WRONG_SERVER', /its health is \{"status":"fine"\}/)
  })

  it('that is no URL is CONFIG_INVALID before anything is opened', () => {
    expect(() => given('localhost:4096')).toThrow(/"localhost:4096".* is not an http or https URL/)
    expect(() => given('ftp://me:secret@host')).toThrow(/"ftp:\/\/host"/)
  })

  it('that answers HTML to a later request is BAD_ANSWER, one that answers 500 is BACKEND_ERROR', async () => {
    const later = await proxy()
    const backend = given(later.url)
    later.intercept(({ path }) => (path === '/experimental/session' ? { type: 'text/html', body: '<html>' } : 'pass'))
    await expect(backend.find([backend.target], signal)).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    later.intercept(({ path }) =>
      path === '/experimental/session' ? { type: 'application/json', body: '{}' } : 'pass',
    )
    await expect(backend.find([backend.target], signal)).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    later.intercept(({ path }) => (path === '/experimental/session' ? { status: 503 } : 'pass'))
    await expect(backend.find([backend.target], signal)).rejects.toMatchObject({ code: 'BACKEND_ERROR' })
  })

  it('that answers what it was to do with other JSON has perhaps done it: nobody claims that it did, or did not', async () => {
    const odd = await proxy()
    const backend = given(odd.url)
    const request = site.request({ target: backend.target })
    const agent = await createAgent(backend, request)
    odd.intercept(({ method }) => (method === 'POST' ? { type: 'application/json', body: '"fine"' } : 'pass'))
    const unknown = { code: 'BAD_ANSWER', outcome: 'unknown' }
    await expect(backend.create(site.request({ target: backend.target }), signal)).rejects.toMatchObject(unknown)
    expect(await agent.send('x')).toMatchObject({ delivery: 'unconfirmed', reason: { code: 'BAD_ANSWER' } })
  })

  it('that cannot see our files is SERVER_REMOTE, and nothing was made', async () => {
    const remote = await proxy()
    const backend = given(remote.url)
    const request = site.request({ target: backend.target })
    remote.intercept(({ path }) =>
      path === '/file/content' ? { type: 'application/json', body: '{"content":""}' } : 'pass',
    )
    await expect(backend.create(request, signal)).rejects.toMatchObject({ code: 'SERVER_REMOTE' })
    expect(remote.counts()['POST /session']).toBeUndefined()
    remote.intercept()
    await backend.create(request, signal)
    expect(remote.counts()).toMatchObject({ 'GET /file/content': 2, 'POST /session': 1 })
  })
})

describe('a call whose signal aborts', () => {
  it('rejects with the reason of the signal while the server is silent', async () => {
    const mute = await proxy()
    mute.intercept(() => 'nothing')
    const backend = given(mute.url, { requestTimeoutMs: 60_000 })
    const controller = new AbortController()
    const calls = [
      backend.find([backend.target], controller.signal),
      backend.observe([], controller.signal),
      backend.probe(controller.signal),
    ]
    const reason = new Error('given up')
    controller.abort(reason)
    for (const call of calls) await expect(call).rejects.toBe(reason)
  })
})
