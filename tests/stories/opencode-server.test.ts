import { beforeEach, describe, expect, it } from '@jest/globals'
import type {
  Check,
  DoctorDocument,
  ResumeDocument,
  SendDocument,
  ServerDocument,
  StatusDocument,
  WaitDocument,
} from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { openCodeProgram } from '../harness/open-code-program.ts'
import { isAlive, signalProcess } from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { startOpenCode } from '../harness/start-open-code.ts'
import { startProxy } from '../harness/start-proxy.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { managedServer } from './support/managed-server.ts'
import { openCodePlace } from './support/place.ts'
import { openTerminal } from './support/terminal.ts'

const scope = perTest()
let model: ScriptedModel

beforeEach(async () => {
  model = await scope.use(startScriptedModel())
})

describe('a killed OpenCode server', () => {
  it('makes a running turn interrupted; nothing but a send starts a server again, and the agent goes on', async () => {
    const place = await scope.use(openCodePlace({ model }))
    const id = await place.spawn('Remember 42 [[hold: kill]]')
    await eventually(() => model.waiting().includes('kill'), { timeoutMs: 30_000 })
    expect(await place.agent(id)).toMatchObject({ state: 'working' })
    const first = await managedServer(place)
    const waiting = await place.start('wait', id, '--json')
    signalProcess(first.process.pid, 'SIGKILL')
    expect(await waiting.result()).toMatchObject({ code: 24, json: { outcome: 'idle' } })
    expect(await isAlive(first.process)).toBe(false)
    expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'INTERRUPTED' }, lifecycle: 'active' })
    expect(await place.json('status')).toMatchObject({
      complete: true,
      backends: [{ name: 'opencode', ok: false }, {}],
    })
    expect(await place.json('check', id)).toMatchObject({ code: 0, agent: { state: 'idle' } })
    expect(await place.json('complete', id)).toMatchObject({ code: 40 })
    expect(await place.orch('server', 'status')).toMatchObject({ code: 69 })
    expect(await place.processes()).toEqual([])

    expect(await place.json('send', id, 'Go on [[answer: It was 42]]')).toMatchObject({
      code: 0,
      receipt: { delivery: 'confirmed' },
    })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    const second = await managedServer(place)
    expect(second.process.pid).not.toBe(first.process.pid)
    expect((await place.orch('tail', '-n', '1', id)).stdout).toBe('It was 42\n')
    const texts = receivedTexts(model.requests, 'Remember 42')
    expect(texts).toEqual([expect.stringContaining('Remember 42'), 'Go on [[answer: It was 42]]'])
    expect((await second.sessions()).filter(({ metadata }) => metadata?.orch?.id === id)).toHaveLength(1)

    expect(await place.orch('server', 'stop')).toMatchObject({ code: 0 })
    expect(await place.processes()).toEqual([])
    expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'TURN_ENDED' } })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ stop: { proven: true } }] })
    expect(await place.processes()).toEqual([])
  })
})

describe('a message after Complete', () => {
  it('is unanswered, and not done, once its server was killed in its turn, also after the server was started again', async () => {
    const place = await scope.use(openCodePlace({ model }))
    const id = await place.spawn('Do it [[phase: Complete - ok]] [[answer: done]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 0 })
    await place.json('send', id, 'More [[hold: more]]')
    await eventually(() => model.waiting().includes('more'), { timeoutMs: 30_000 })
    signalProcess((await managedServer(place)).process.pid, 'SIGKILL')
    expect(await place.json('wait', id)).toMatchObject({ code: 24, outcome: 'idle' })
    expect(await place.json('complete', id)).toMatchObject({ code: 40 })
    expect((await place.orch('recover', '--dry-run')).stdout).toContain(`orch resume ${id}`)

    expect(await place.orch('server', 'start')).toMatchObject({ code: 0 })
    expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'INTERRUPTED' } })
    expect(await place.json('resume', id, '-m', 'Now [[answer: went on]]')).toMatchObject({ code: 0 })
    expect(await place.json('wait', id)).toMatchObject({ code: 0 })
  })
})

describe('resume', () => {
  it('has every turn go on that a killed server interrupted, in its conversation, and leaves the others alone', async () => {
    const place = await scope.use(openCodePlace({ model }))
    const [one = '', other = '', ended = ''] = await Promise.all([
      place.spawn('First 1 [[hold: one]]'),
      place.spawn('First 2 [[hold: two]]'),
      place.spawn('First 3 [[answer: over]]'),
    ])
    await eventually(() => model.waiting().length === 2, { timeoutMs: 30_000 })
    await place.orch('wait', ended, '--until', 'idle')
    signalProcess((await managedServer(place)).process.pid, 'SIGKILL')
    const interrupted = (await place.json<StatusDocument>('status')).agents.filter(
      ({ reason }) => reason.code === 'INTERRUPTED',
    )
    expect(interrupted.map(({ id }) => id).sort()).toEqual([one, other].sort())
    const { stderr } = await place.orch('status')
    expect(stderr).toBe(`  → orch resume ${interrupted.map(({ id }) => id).join(' ')}\n`)

    const message = 'Now [[answer: went on]]'
    const run = await place.json<ResumeDocument>('resume', one, other, '-m', message)
    expect(run).toMatchObject({
      code: 0,
      results: [one, other].map((id) => ({ id, ok: true, stopped: { code: 'INTERRUPTED' } })),
    })
    expect(await place.json('wait', one, other, '--until', 'idle')).toMatchObject({ code: 0 })
    for (const id of [one, other]) {
      expect((await place.orch('tail', '-n', '1', id)).stdout).toBe('went on\n')
    }
    expect(receivedTexts(model.requests, 'First 1')).toEqual([expect.stringContaining('First 1'), message])
    expect(await place.orch('status')).toMatchObject({ code: 0, stderr: '' })
    expect((await managedServer(place)).process).toBeDefined()
  })
})

describe('a command that starts a killed server again', () => {
  it.each(['send', 'spawn', 'resume'])('%s says whose turns ended with it', async (verb) => {
    const place = await scope.use(openCodePlace({ model }))
    const [one = '', other = ''] = await Promise.all([
      place.spawn('First 1 [[answer: over]]'),
      place.spawn('First 2 [[hold: two]]'),
    ])
    await eventually(() => model.waiting().length === 1, { timeoutMs: 30_000 })
    expect(await place.orch('wait', one, '--until', 'idle')).toMatchObject({ code: 0 })
    signalProcess((await managedServer(place)).process.pid, 'SIGKILL')
    const args = verb === 'spawn' ? [] : [one]
    const first = await place.orch(verb, ...args, ...(verb === 'resume' ? ['-m', 'Next'] : ['Next']))
    const text = `The server had ended while "${other}" was at work; "orch resume ${other}" goes on`
    expect(first).toMatchObject({ code: 0, stderr: `orch: ${text}\n` })
    const next = await place.json<SendDocument>('send', one, '--force', 'More')
    expect(next).toMatchObject({ code: 0, warnings: [] })
  })
})

describe('the data folder of OpenCode', () => {
  it('may be shared with the own viewer of the user, which orch leaves alone', async () => {
    const place = await scope.use(openCodePlace({ model }))
    const viewer = await scope.use(openTerminal(place, openCodeProgram(), '--model', 'scripted/scripted'))
    await eventually(async () => /scripted/i.test(await viewer.screen()), { timeoutMs: 60_000 })
    const id = await place.spawn('Hi [[answer: there]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    const { server } = await place.json<ServerDocument>('server', 'stop')
    expect(server).toMatchObject({ ok: false, owner: 'orch' })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0 })
    const terminal = await viewer.process()
    expect(terminal && (await isAlive(terminal))).toBe(true)
    expect(await viewer.screen()).toMatch(/scripted/i)
  })

  it('of another one is named, and its server neither used nor ended', async () => {
    const place = await scope.use(openCodePlace({ model }))
    expect(await place.orch('server', 'start')).toMatchObject({ code: 0 })
    const first = await managedServer(place)
    const elsewhere = { env: { XDG_DATA_HOME: `${place.env.XDG_DATA_HOME}-other` } }
    const run = await place.orchWith(elsewhere, '--json', 'spawn', 'x')
    expect(run).toMatchObject({
      code: 78,
      stdout: '',
      json: { error: { code: 'CONFIG_INVALID', message: expect.stringContaining(`${place.env.XDG_DATA_HOME}-other`) } },
    })
    expect(await isAlive(first.process)).toBe(true)
    expect((await place.json<StatusDocument>('status')).agents).toEqual([])
  })
})

describe('the log of the OpenCode server', () => {
  it('is shown while it runs, does not answer, and has ended; -f goes on with the next one', async () => {
    const place = await scope.use(openCodePlace({ model }))
    expect(await place.orch('server', 'logs')).toMatchObject({ code: 69, stdout: '' })
    expect(await place.orch('server', 'start')).toMatchObject({ code: 0 })
    const { url, process } = await managedServer(place)
    const listening = `opencode server listening on ${url}\n`
    expect(await place.orch('server', 'logs', '-n', '1')).toMatchObject({ code: 0, stdout: listening })
    const { server: full } = await place.json<ServerDocument>('server', 'status')
    expect(full).toMatchObject({ ok: true, url, pid: process.pid, owner: 'orch', startedAt: expect.any(String) })
    signalProcess(process.pid, 'SIGSTOP')
    const frozen = await place.json<ServerDocument>('server', 'status', '--request-timeout', '2s')
    signalProcess(process.pid, 'SIGCONT')
    expect(frozen.server).toMatchObject({ ok: false, error: { code: 'TIMEOUT' }, url, pid: process.pid, log: full.log })
    const following = await place.start('server', 'logs', '-f', '--json')
    await eventually(() => following.lines().length > 0)
    expect(await place.orch('server', 'stop')).toMatchObject({ code: 0 })
    expect(await place.orch('server', 'logs', '-n', '1')).toMatchObject({ code: 0, stdout: listening })
    expect(await place.orch('server', 'start')).toMatchObject({ code: 0 })
    const next = `opencode server listening on ${(await managedServer(place)).url}`
    await eventually(() => following.lines().some(({ type, text }) => type === 'line' && text === next))
    following.kill('SIGINT')
    expect((await following.result()).code).toBe(130)
  })
})

describe('a configured OpenCode server', () => {
  it('that cannot be reached makes its agents unknown; nothing is destroyed, and they are there when it is back', async () => {
    const server = await scope.use(startOpenCode({ model }))
    const proxy = await scope.use(startProxy({ target: server.url }))
    const env = { OPENCODE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: server.password }
    const place = await scope.use(openCodePlace({ model, env }))
    const id = await place.spawn('Hold [[hold: away]] [[answer: back]]')
    await eventually(() => model.waiting().includes('away'), { timeoutMs: 30_000 })
    expect(await place.agent(id)).toMatchObject({ state: 'working' })

    proxy.intercept(() => 'reset')
    proxy.cut()
    const partial = await place.json<StatusDocument>('status')
    expect(partial).toMatchObject({
      code: 0,
      complete: false,
      counts: { unknown: 1 },
      agents: [{ id, state: 'unknown' }],
    })
    expect(partial.backends.find(({ name }) => name === 'opencode')).toMatchObject({
      ok: false,
      error: { code: 'BACKEND_UNREACHABLE' },
    })
    expect(await place.orch('status', '--exit-code')).toMatchObject({ code: 69 })
    expect(await place.json<WaitDocument>('wait', id, '--timeout', '500ms')).toMatchObject({ code: 124 })
    expect(await place.json('check', id)).toMatchObject({ code: 0, agent: { state: 'unknown' } })
    expect(await place.json('send', id, 'Hello?')).toMatchObject({ code: 30, receipt: { reason: { code: 'UNKNOWN' } } })
    expect(await place.json('complete', id)).toMatchObject({ code: 40, results: [{ ok: false, stop: null }] })
    for (const args of [
      ['tail', id],
      ['interrupt', id],
      ['send', id, '--force', 'Hello?'],
      ['spawn', 'More'],
    ]) {
      const refused = await place.orch(...args, '--json')
      expect({ args, ...refused }).toMatchObject({
        code: 69,
        stdout: '',
        json: { error: { code: 'BACKEND_UNREACHABLE' } },
      })
    }
    expect(await place.json('abandon', id)).toMatchObject({ code: 69, results: [{ ok: false, stop: null }] })
    expect(await place.json('complete', id, '--force')).toMatchObject({ code: 69, results: [{ ok: false }] })
    expect(await place.orch('server', 'stop', '--backend', 'opencode')).toMatchObject({ code: 34 })
    expect(await place.orch('server', 'logs', '--backend', 'opencode')).toMatchObject({ code: 34, stdout: '' })

    proxy.intercept()
    expect(await place.agent(id)).toMatchObject({ state: 'working', lifecycle: 'active' })
    expect((await place.json<StatusDocument>('status')).agents).toHaveLength(1)
    model.release('away')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(receivedTexts(model.requests, 'Hold [[hold: away]]')).toHaveLength(1)
    expect(await place.json('abandon', id)).toMatchObject({ code: 0 })
    expect(await isAlive(server.process)).toBe(true)
  })

  it('is used by one command with --server, and by later ones for the agents made there', async () => {
    const server = await scope.use(startOpenCode({ model }))
    const place = await scope.use(openCodePlace({ model, env: { OPENCODE_SERVER_PASSWORD: server.password } }))
    const id = await place.spawn('Hi [[answer: there]]', '--server', server.url)
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect((await place.orch('tail', '-n', '1', id)).stdout).toBe('there\n')
    expect(await place.json('doctor', '--server', server.url)).toMatchObject({
      ok: true,
      checks: expect.arrayContaining([expect.objectContaining({ name: 'OpenCode server', result: 'ok' })]),
    })
    expect(await place.orch('server', 'stop', '--server', server.url)).toMatchObject({ code: 34 })
    expect(await place.orch('spawn', 'x', '--server', 'nowhere')).toMatchObject({ code: 78, stdout: '' })
    expect(await place.orch('spawn', 'x', '--backend', 'tmux', '--server', server.url)).toMatchObject({ code: 64 })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0 })
    expect(await isAlive(server.process)).toBe(true)
    expect(await place.orch('server', 'status')).toMatchObject({ code: 69 })
  })

  it('at the port that OpenCode takes first is named by doctor, with what makes orch use it', async () => {
    const server = await scope.use(startOpenCode({ model, port: 4096 }))
    const place = await scope.use(openCodePlace({ model }))
    const name = 'OpenCode server of yours'
    const found = async (env: Record<string, string>): Promise<Check | undefined> => {
      const { json } = await place.orchWith({ env: { ...place.env, ...env } }, '--json', 'doctor')
      return (json as DoctorDocument).checks.find((check) => check.name === name)
    }
    expect(await found({})).toMatchObject({ result: 'ok', text: expect.stringContaining('wants a password') })
    const { password: OPENCODE_SERVER_PASSWORD, url } = server
    expect(await found({ OPENCODE_SERVER_PASSWORD })).toMatchObject({ result: 'ok', fix: `export OPENCODE_URL=${url}` })
    await server.stop()
    expect(await found({ OPENCODE_SERVER_PASSWORD })).toBeUndefined()
  })
})
