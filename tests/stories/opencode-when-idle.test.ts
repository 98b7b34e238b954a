import { beforeAll, describe, expect, it } from '@jest/globals'
import type { CheckDocument, CompleteDocument, SendDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perFile } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, type Place } from './support/place.ts'

const scope = perFile()
let model: ScriptedModel
let place: Place

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  place = await scope.use(openCodePlace({ model }))
})

describe('send --when idle on OpenCode', () => {
  it('delivers at once to an idle agent', async () => {
    const { id, texts } = await agent('at-once')
    model.release('at-once')
    expect(await place.orch('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    const sent = await place.json<SendDocument>('send', id, 'Go on [[answer: on]]', '--when', 'idle')
    expect(sent).toMatchObject({ code: 0, receipt: { delivery: 'confirmed', reason: null } })
    expect(await place.orch('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(texts()).toEqual(['Go on [[answer: on]]'])
  })

  it('has each message answered by itself, in order, by one wait', async () => {
    const { id, texts } = await agent('in-order')
    const messages = ['First [[answer: one]]', 'Second [[answer: two]]', 'Third [[answer: three]]']
    for (const text of messages) expect(await queued(id, text)).toBe(0)
    expect((await place.json<CheckDocument>('check', id)).queue.map(({ text }) => text)).toEqual(messages)
    const waiting = await place.start('wait', id, '--until', 'idle')
    model.release('in-order')
    expect(await waiting.result()).toMatchObject({ code: 0 })
    expect(texts()).toEqual(messages)
    expect((await place.orch('tail', id, '-n', '6')).stdout).toMatch(/one\n.*Second.*two\n.*Third.*three\n$/s)
    expect((await place.json<CheckDocument>('check', id)).queue).toEqual([])
  })

  it('prints exactly the answer to its own message, with --wait', async () => {
    const { id } = await agent('own-answer')
    expect(await queued(id, 'Another [[answer: another]]')).toBe(0)
    const sending = await place.start('send', id, 'Mine [[answer: mine]]', '--when', 'idle', '--wait')
    await eventually(async () => (await place.agent(id)).queued === 2)
    model.release('own-answer')
    expect(await sending.result()).toMatchObject({ code: 0, stdout: 'mine\n' })
  })

  it('is delivered once by many that look at once', async () => {
    const { id, texts } = await agent('many')
    const following = await place.start('tail', '-f', id)
    expect(await queued(id, 'Once [[answer: once]]')).toBe(0)
    const waits = await Promise.all([0, 1, 2].map(() => place.start('wait', id, '--until', 'idle')))
    model.release('many')
    for (const wait of waits) expect(await wait.result()).toMatchObject({ code: 0 })
    await eventually(() => following.stdout().includes('once\n'))
    expect(texts()).toEqual(['Once [[answer: once]]'])
  })

  it('is not given to an agent that waits for an answer, and keeps it from being completed', async () => {
    const id = await place.spawn('Ask [[question: Which one? | a | b]] [[answer: thanks]]')
    expect(await place.orch('wait', id)).toMatchObject({ code: 23 })
    expect(await queued(id, 'Report [[phase: Complete - all of it]]')).toBe(0)
    expect(await place.agent(id)).toMatchObject({ state: 'waiting', queued: 1 })
    const early = await place.json<CompleteDocument>('complete', id)
    expect(early).toMatchObject({
      code: 40,
      results: [
        { ok: false, checks: expect.arrayContaining([expect.objectContaining({ name: 'queue', result: 'fail' })]) },
      ],
    })
    expect(await place.orch('answer', id, 'a')).toMatchObject({ code: 0 })
    expect(await place.orch('wait', id)).toMatchObject({ code: 0 })
    expect(await place.json<CompleteDocument>('complete', id)).toMatchObject({ code: 0, results: [{ ok: true }] })
  })

  it('waits for a server that was stopped, which no look starts', async () => {
    const { id, texts } = await agent('stopped')
    expect(await queued(id, 'Later [[answer: later]]')).toBe(0)
    expect(await place.orch('server', 'stop')).toMatchObject({ code: 0 })
    expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'INTERRUPTED' }, queued: 1 })
    expect(await place.orch('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await place.orch('server', 'status')).toMatchObject({ code: 69 })
    expect(texts()).toEqual([])
    expect(await place.orch('server', 'start')).toMatchObject({ code: 0 })
    expect(await place.orch('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(texts()).toEqual(['Later [[answer: later]]'])
  })
})

/** An agent in a turn that goes on until `hold` is released, and what it was given after its task. */
async function agent(hold: string): Promise<{ id: string; texts: () => string[] }> {
  const task = `Begin [[hold: ${hold}]] [[answer: begun]]`
  const id = await place.spawn(task)
  await eventually(() => model.waiting().includes(hold), { timeoutMs: 30_000 })
  return { id, texts: () => receivedTexts(model.requests, task).slice(1) }
}

/** Sends it for later, and resolves to the exit code; throws when it was delivered. */
async function queued(id: string, text: string): Promise<number> {
  const { code, receipt } = await place.json<SendDocument>('send', id, text, '--when', 'idle')
  if (receipt.delivery === 'queued' && receipt.reason?.code === 'WAITS_FOR_IDLE') return code
  throw new Error(`The message was not kept: ${JSON.stringify(receipt)}`)
}
