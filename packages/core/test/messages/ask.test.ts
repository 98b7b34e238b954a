import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { answer } from '../../src/messages/answer.ts'
import { type Asked, ask } from '../../src/messages/ask.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { status } from '../../src/orchestrator/status.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { tail } from '../../src/transcript/tail.ts'
import { collect, createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place
let orch: Orch
let id: string

beforeEach(async () => {
  place = await createPlace(scope)
  ;({ orch, id } = await place.spawn('x'))
})

/** Asks in the background; ends with the test. */
function asking(question: string): { readonly done: Promise<Asked>; stop(): void } {
  const controller = new AbortController()
  const done = ask(orch, { id, question, signal: controller.signal })
  done.catch(() => {})
  scope.defer(() => controller.abort(new Error('stopped')))
  return { done, stop: () => controller.abort(new Error('stopped')) }
}

/** Looks until what `check` expects is so. */
async function until(check: () => void | Promise<void>): Promise<void> {
  await eventually(async () => {
    await check()
    return true
  })
}

/** Waits until exactly these questions are open. */
async function open(...texts: readonly string[]): Promise<void> {
  await until(async () => {
    const { requests } = await answer(orch, id)
    expect(requests.map(({ text }) => text)).toEqual(texts)
  })
}

/** Every message that the agent was given. */
async function messages(): Promise<readonly string[]> {
  const lines = await collect(tail(orch, id, { last: 100 }))
  return lines.flatMap((line) => (line.type === 'item' && line.item.role === 'user' ? [line.item.text ?? ''] : []))
}

describe('ask()', () => {
  it('is an open request until its answer comes, which it alone gets', async () => {
    const { done } = asking('Which\n  database?')
    await open('Which database?')
    expect((await status(orch)).agents).toMatchObject([{ state: 'waiting', requests: [{ kind: 'question' }] }])
    expect(readFileSync(page(), 'utf8')).toContain('\nQUESTION: Which database?\n')
    expect(await answer(orch, id, { text: 'Postgres\nof course' })).toMatchObject({
      result: 'answered',
      receipt: { delivery: 'confirmed' },
    })
    const { document, received } = await done
    expect(document).toMatchObject({ agent: id, answer: 'Postgres\nof course', via: 'ask' })
    received()
    expect((await status(orch)).agents).toMatchObject([{ state: 'idle', requests: [] }])
    expect(await messages()).toHaveLength(1)
    expect(await answer(orch, id, { text: 'again', requestId: document.request })).toMatchObject({ result: 'already' })
  })

  it('goes on with the same question when it was stopped, and gets what was laid ready meanwhile', async () => {
    const first = asking('Which database?')
    await open('Which database?')
    first.stop()
    await expect(first.done).rejects.toThrow('stopped')
    await open('Which database?')
    const { done } = asking('Which database?')
    await until(() => expect(readdirSync(asks())).toContainEqual(expect.stringMatching(/\.asking$/)))
    await answer(orch, id, { text: 'Postgres' })
    expect((await done).document.answer).toBe('Postgres')
    expect(readFileSync(page(), 'utf8').match(/QUESTION/g)).toHaveLength(1)
  })

  it('brings an answer again that is not known to have been printed, and only then', async () => {
    const first = asking('Which database?')
    await open('Which database?')
    await answer(orch, id, { text: 'Postgres' })
    const { document, received } = await first.done
    await expect(asking('Which database?').done).rejects.toMatchObject({ code: 'BUSY' })
    writeFileSync(join(asks(), `${document.request}.asking`), dead())
    const second = await asking('Which database?').done
    expect(second.document).toEqual(document)
    second.received()
    received()
    asking('Which database?')
    await open('Which database? (2)')
  })

  it('says once that the same question was answered by a message meanwhile, and asks anew after that', async () => {
    const first = asking('Which database?')
    await open('Which database?')
    first.stop()
    await expect(first.done).rejects.toThrow('stopped')
    expect(await answer(orch, id, { text: 'Postgres' })).toMatchObject({ result: 'answered' })
    expect(await messages()).toEqual([expect.anything(), 'Postgres'])
    const again = await asking('Which database?').done
    expect(again.document).toMatchObject({ question: 'Which database?', answer: null, via: 'message' })
    expect((await asking('Which database?').done).document).toEqual(again.document)
    await open()
    again.received()
    const { done } = asking('Which database?')
    await open('Which database? (2)')
    await answer(orch, id, { text: 'MySQL' })
    expect((await done).document).toMatchObject({ answer: 'MySQL', question: 'Which database? (2)' })
    expect(await messages()).toHaveLength(2)
  })

  it('gets no answer that is on its way as a message', async () => {
    let late: Promise<Asked> | null = null
    const sent = await place.open({
      wrap: (backend) => ({
        ...backend,
        send: async (...args) => {
          const receipt = await backend.send(...args)
          const { done } = asking('Which database?')
          late = done
          await until(() => expect(readdirSync(asks())).toContainEqual(expect.stringMatching(/\.asking$/)))
          return receipt
        },
      }),
    })
    const first = asking('Which database?')
    await open('Which database?')
    first.stop()
    await expect(first.done).rejects.toThrow('stopped')
    await answer(sent, id, { text: 'Postgres' })
    expect((await (late as Promise<Asked> | null))?.document).toMatchObject({ answer: null, via: 'message' })
    expect(await messages()).toEqual([expect.anything(), 'Postgres'])
  })

  it('sends a message where who asked died, even while the answer lies ready', async () => {
    const first = asking('Which database?')
    await open('Which database?')
    first.stop()
    await expect(first.done).rejects.toThrow('stopped')
    const { requests } = await answer(orch, id)
    const asker = join(asks(), `${requests[0]?.id}.asking`)
    writeFileSync(asker, alive())
    const answering = answer(orch, id, { text: 'Postgres' })
    await until(() => expect(readdirSync(asks())).toContainEqual(expect.stringMatching(/\.answer$/)))
    writeFileSync(asker, dead())
    expect(await answering).toMatchObject({ result: 'answered', receipt: { messageId: expect.any(String) } })
    expect(await messages()).toEqual([expect.anything(), 'Postgres'])
    expect(readdirSync(asks())).not.toContainEqual(expect.stringMatching(/\.answer$/))
  })

  it('leaves an answer ready that a stopped process does not take: nothing is claimed', async () => {
    const first = asking('Which database?')
    await open('Which database?')
    first.stop()
    await expect(first.done).rejects.toThrow('stopped')
    const { requests } = await answer(orch, id)
    writeFileSync(join(asks(), `${requests[0]?.id}.asking`), alive())
    const hasty = await place.open({ requestTimeoutMs: 300 })
    const { receipt } = await answer(hasty, id, { text: 'Postgres' })
    expect(receipt).toMatchObject({ delivery: 'queued', reason: { code: 'ASK_NOT_TAKEN' } })
    await open('Which database?')
    expect((await asking('Which database?').done).document).toMatchObject({ answer: 'Postgres' })
  })

  it('of several that ask the same at once, one gets the answer', async () => {
    const all = Array.from({ length: 4 }, () => asking('Which database?').done)
    await open('Which database?')
    await answer(orch, id, { text: 'Postgres' })
    const ended = await Promise.allSettled(all)
    expect(ended.filter(({ status: how }) => how === 'fulfilled')).toHaveLength(1)
    for (const one of ended) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'BUSY' })
  })

  it('waits for several questions side by side', async () => {
    const [a, b] = [asking('A?'), asking('B?')]
    await until(async () => expect((await answer(orch, id)).requests).toHaveLength(2))
    const { requests } = await answer(orch, id)
    for (const { id: requestId, text } of requests) await answer(orch, id, { requestId, text: `to ${text}` })
    expect((await a.done).document.answer).toBe('to A?')
    expect((await b.done).document.answer).toBe('to B?')
  })

  it('ends when time is up, the question is taken off the page, or its agent ended', async () => {
    await expect(ask(orch, { id, question: 'A?', timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    const { done } = asking('A?')
    await open('A?')
    writeFileSync(page(), 'Phase: Testing\n')
    await expect(done).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' })
    const other = asking('B?').done
    await open('B?')
    await abandon(orch, [id])
    await expect(other).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(ask(orch, { id, question: 'C?' })).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('keeps its line apart from a page without an end', async () => {
    writeFileSync(page(), 'Phase: Testing')
    asking('A?')
    await open('A?')
    expect(readFileSync(page(), 'utf8')).toBe('Phase: Testing\nQUESTION: A?\n')
  })

  it.each(['', '../up', 'nobody-7k3q'])('says that there is no agent %j', async (one) => {
    await expect(ask(orch, { id: one, question: 'A?' })).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })

  it('refuses an empty question and one that is too long', async () => {
    await expect(ask(orch, { id, question: ' \n' })).rejects.toMatchObject({ code: 'EMPTY_MESSAGE' })
    await expect(ask(orch, { id, question: 'x'.repeat(2_001) })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

function page(): string {
  return join(place.project, '.orch', 'workspace', id, 'WORKSPACE.md')
}

function asks(): string {
  return join(place.project, '.orch', 'workspace', id, 'asks')
}

/** A process that lives and is not this call. */
function alive(): string {
  return JSON.stringify({ ...currentOwner(), call: 'another' })
}

function dead(): string {
  return JSON.stringify({ ...currentOwner(), startTime: 'long ago', call: 'another' })
}
