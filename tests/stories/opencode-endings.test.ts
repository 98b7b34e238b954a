import { beforeAll, describe, expect, it } from '@jest/globals'
import type { CompleteDocument, SendDocument, SpawnDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { isAlive } from '../harness/processes.ts'
import { perFile } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { managedServer } from './support/managed-server.ts'
import { openCodePlace, type Place } from './support/place.ts'

const scope = perFile()
let model: ScriptedModel
let place: Place

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  place = await scope.use(openCodePlace({ model }))
})

/** Spawns an agent whose first turn stands at a gate of this name, after `before`. */
async function held(name: string, before = ''): Promise<string> {
  const id = await place.spawn(`Hold ${before} [[hold: ${name}]] [[answer: let go]]`, '--name', name)
  await eventually(() => model.waiting().includes(name), { timeoutMs: 30_000 })
  return id
}

describe('complete on OpenCode', () => {
  it('fails with 40 while a turn runs and changes nothing; --force aborts the turn and puts the session away', async () => {
    const id = await held('forced')
    const before = await place.agent(id)
    const early = await place.json<CompleteDocument>('complete', id)
    expect(early).toMatchObject({ code: 40, results: [{ ok: false, stop: null, lifecycle: 'active' }] })
    expect(checksOf(early)).toMatchObject({ phase: 'fail', requests: 'pass', turn: 'fail' })
    expect(await place.json('complete', id, '--dry-run')).toMatchObject({ code: 40, dryRun: true })
    expect(await place.agent(id)).toMatchObject({ state: 'working', lifecycle: 'active', revision: before.revision })
    expect(await place.json('complete', id, '--force', '--dry-run')).toMatchObject({ code: 0, dryRun: true })
    const server = await managedServer(place)
    const session = await server.sessionOf(id)
    expect(session.time.archived).toBeUndefined()
    expect(await server.busy(place.project)).toContain(session.id)
    const forced = await place.json<CompleteDocument>('complete', id, '--force')
    expect(forced).toMatchObject({ code: 0, results: [{ ok: true, lifecycle: 'completed', stop: { proven: true } }] })
    expect(checksOf(forced)).toMatchObject({ phase: 'overridden', requests: 'pass', turn: 'overridden' })
    expect(await server.busy(place.project)).not.toContain(session.id)
    expect((await server.sessionOf(id)).time.archived).toEqual(expect.any(Number))
    const [request] = model.requests.filter(({ userTexts }) => userTexts[0]?.includes('[[hold: forced]]'))
    await eventually(() => request?.state === 'aborted')
    expect(await place.json('abandon', id)).toMatchObject({ code: 25, results: [{ error: { code: 'CLOSED' } }] })
  })
})

describe('interrupt on OpenCode', () => {
  it('ends the turn and keeps the agent, which goes on with the next message', async () => {
    const id = await held('interrupted')
    const waiting = await place.start('wait', id, '--json')
    expect(await place.json('interrupt', id)).toMatchObject({ code: 0, interrupted: true })
    expect(await waiting.result()).toMatchObject({ code: 24, json: { outcome: 'idle' } })
    expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'INTERRUPTED' } })
    expect(await place.json('interrupt', id)).toMatchObject({ code: 0, interrupted: false })
    expect(await place.json('send', id, 'Go on [[answer: I go on]]')).toMatchObject({ code: 0 })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect((await place.orch('tail', '-n', '1', id)).stdout).toBe('I go on\n')
    expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'TURN_ENDED' } })
  })

  it('names the message that waited behind the turn and is not answered, which no Complete of before covers', async () => {
    const id = await place.spawn('Ready [[phase: Complete - ok]] [[answer: done]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 0 })
    await place.json('send', id, 'First [[hold: before-it]]')
    await eventually(() => model.waiting().includes('before-it'), { timeoutMs: 30_000 })
    expect(await place.json('send', id, 'Write it [[answer: no]]')).toMatchObject({ receipt: { delivery: 'queued' } })
    expect(await place.json('interrupt', id)).toMatchObject({
      interrupted: true,
      warnings: [{ code: 'MESSAGE_DROPPED', text: expect.stringContaining('"Write it [[answer: no]]"') }],
      agent: { state: 'idle', reason: { code: 'INTERRUPTED' } },
    })
    const early = await place.json<CompleteDocument>('complete', id)
    expect(early).toMatchObject({ code: 40 })
    expect(checksOf(early)).toMatchObject({ phase: 'fail', queue: 'fail', turn: 'fail' })
  })
})

describe('abandon on OpenCode', () => {
  it('ends a running tool with its process, and leaves the conversation to read', async () => {
    const id = await place.spawn('Sleep [[answer: I sleep]] [[shell: exec sleep 1000000]]')
    const server = await managedServer(place)
    const sleep = await eventually(async () =>
      (await server.children()).find(({ argv }) => argv.join(' ') === 'sleep 1000000'),
    )
    const waiting = await place.start('wait', id, '--json')
    expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ ok: true, stop: { proven: true } }] })
    expect(await isAlive(sleep)).toBe(false)
    const waited = await waiting.result()
    expect([22, 24, 25]).toContain(waited.code)
    expect(waited.json).toMatchObject({ agents: [{ met: false }] })
    const session = await server.sessionOf(id)
    expect(session.time.archived).toEqual(expect.any(Number))
    expect(await server.busy(place.project)).not.toContain(session.id)
    expect(await place.agent(id)).toMatchObject({ state: 'exited', lifecycle: 'abandoned' })
    expect(await place.json('wait', id)).toMatchObject({ code: 25, outcome: 'closed' })
    expect((await place.orch('tail', id)).stdout).toContain('I sleep')
    expect(await place.json('send', id, 'Hello?')).toMatchObject({ code: 30, receipt: { reason: { code: 'CLOSED' } } })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ ok: true, stop: null }] })
  })
})

describe('a turn that ends by itself on OpenCode', () => {
  it('without Complete is idle: wait ends with 24', async () => {
    const id = await place.spawn('Answer [[answer: 42]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 24, outcome: 'idle' })
    expect(await place.json('complete', id)).toMatchObject({ code: 40, results: [{ ok: false }] })
  })

  it('in an error has failed: wait ends with 20, status says why, and the next message mends it', async () => {
    const id = await place.spawn('Fail [[error: 400, 1]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 20, outcome: 'failed' })
    const agent = await place.agent(id)
    expect(agent).toMatchObject({ state: 'failed', reason: { text: expect.stringContaining('Scripted error 400') } })
    expect(await place.orch('status', '--state', 'failed', '--exit-code')).toMatchObject({ code: 20 })
    await place.orch('send', id, 'Again [[answer: better]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
  })
})

describe('requests on OpenCode', () => {
  it('--permission ask: a denied command does not run, an allowed one does', async () => {
    const task = 'Touch [[shell: touch denied]] [[answer: so be it]]'
    const { agent } = await place.json<SpawnDocument>('spawn', task, '--permission', 'ask')
    expect(await place.json('wait', agent.id)).toMatchObject({ code: 23 })
    expect(await place.json('answer', agent.id, '--deny')).toMatchObject({ code: 0, result: 'answered' })
    expect(await place.json('wait', agent.id, '--until', 'idle')).toMatchObject({ code: 0 })
    await place.orch('send', agent.id, 'And [[shell: touch allowed]] [[answer: done]]')
    expect(await place.json('wait', agent.id)).toMatchObject({ code: 23 })
    expect(await place.json('answer', agent.id, '--allow')).toMatchObject({ code: 0, result: 'answered' })
    expect(await place.json('wait', agent.id, '--until', 'idle')).toMatchObject({ code: 0 })
    const { git } = await place.json<{ git: { dirty: string[] } }>('check', agent.id)
    expect(git.dirty).toEqual(['allowed'])
  })

  it('answer of an agent that asks nothing is refused with 66, of an unknown choice with 64', async () => {
    const id = await place.spawn('Ask [[question: Which? | a | b]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 23 })
    expect(await place.orch('answer', id, '--allow')).toMatchObject({ code: 64, stdout: '' })
    expect(await place.agent(id)).toMatchObject({ state: 'waiting' })
    expect(await place.json('answer', id, 'a')).toMatchObject({ code: 0 })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await place.orch('answer', id, 'a')).toMatchObject({ code: 66, stdout: '' })
  })
})

describe('messages on OpenCode', () => {
  it('arrive each, unaltered, when two are the same; each has a receipt and an answer of its own', async () => {
    const id = await place.spawn('Listen [[answer: yes]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    const messages = ['Same', 'Same', '-flag', ' two\n\nlines ; #(x) ', '日本語 ❤️ \\n']
    const receipts: (string | null)[] = []
    for (const message of messages) {
      const sent = await place.json<SendDocument>('send', id, '--', message)
      expect(sent).toMatchObject({ code: 0, receipt: { delivery: 'confirmed' } })
      receipts.push(sent.receipt.evidence[0]?.detail ?? null)
      expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    }
    expect(new Set(receipts).size).toBe(messages.length)
    expect(receivedTexts(model.requests, 'Listen [[answer: yes]]').slice(1)).toEqual(messages)
  })
})

function checksOf({ results }: CompleteDocument): Record<string, string> {
  return Object.fromEntries(results[0]?.checks.map(({ name, result }) => [name, result]) ?? [])
}
