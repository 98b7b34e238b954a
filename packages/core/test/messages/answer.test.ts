import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Delivery } from '../../src/agent.ts'
import { OrchError } from '../../src/errors.ts'
import { answer } from '../../src/messages/answer.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { status } from '../../src/orchestrator/status.ts'
import { createPlace, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('answer() of a request of the backend', () => {
  it('lists what is open when no reply is given', async () => {
    const { orch, id } = await place.spawn('[[permission: run make]]')
    expect(await answer(orch, id)).toEqual({
      apiVersion: 1,
      warnings: [],
      agent: id,
      request: null,
      requests: [expect.objectContaining({ kind: 'permission', text: 'run make' })],
      reply: { choice: null, text: null },
      result: 'listed',
      receipt: null,
    })
  })

  it('lists nothing for an agent that waits on nothing', async () => {
    const { orch, id } = await place.spawn('x')
    expect(await answer(orch, id)).toMatchObject({ result: 'listed', requests: [] })
  })

  it('is bound to the one that is open, and the turn goes on', async () => {
    const { orch, id } = await place.spawn('[[permission: run make]][[answer: made]]')
    const document = await answer(orch, id, { choice: 'allow' })
    expect(document).toMatchObject({
      result: 'answered',
      request: { text: 'run make' },
      reply: { choice: 'allow', text: null },
      receipt: null,
    })
    expect((await status(orch)).agents).toMatchObject([{ state: 'idle', requests: [] }])
  })

  it('takes a text for a question', async () => {
    const { orch, id } = await place.spawn('[[question: Which? | a | b]]')
    expect(await answer(orch, id, { text: 'neither' })).toMatchObject({
      result: 'answered',
      reply: { text: 'neither' },
    })
  })

  it('says when it was answered already, or is gone', async () => {
    const { orch, id } = await place.spawn('[[question: Which? | a | b]][[question: And? | c | d]]')
    const { request } = await answer(orch, id, { choice: 'a' })
    const requestId = request?.id as string
    expect(await answer(orch, id, { choice: 'a', requestId })).toMatchObject({ result: 'already', request: null })
    expect(await answer(orch, id, { choice: 'a', requestId: 'never-was' })).toMatchObject({ result: 'gone' })
    expect((await answer(orch, id)).requests).toMatchObject([{ text: 'And?' }])
  })

  it('of two at once, one decides', async () => {
    const { id } = await place.spawn('[[question: Which? | a | b]]')
    const all = await Promise.all(Array.from({ length: 8 }, () => place.open()))
    const { requests } = await answer(all[0] as Orch, id)
    const requestId = requests[0]?.id as string
    const results = await Promise.all(all.map((orch) => answer(orch, id, { choice: 'a', requestId })))
    expect(results.filter(({ result }) => result === 'answered')).toHaveLength(1)
    expect(results.filter(({ result }) => result === 'already')).toHaveLength(7)
  })

  it('refuses a choice that is not offered, and names those that are', async () => {
    const { orch, id } = await place.spawn('[[question: Which? | a | b]]')
    await expect(answer(orch, id, { choice: 'c' })).rejects.toMatchObject({
      code: 'CHOICE_UNKNOWN',
      hint: expect.stringContaining('"a", "b"'),
    })
    expect((await status(orch)).agents).toMatchObject([{ state: 'waiting' }])
  })

  it('says that there is nothing to answer', async () => {
    const { orch, id } = await place.spawn('x')
    await expect(answer(orch, id, { text: 'yes' })).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND', agent: id })
    await complete(orch, [id], { force: true })
    await expect(answer(orch, id, { text: 'yes' })).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' })
  })

  it('does not say that nothing is open when it could not look', async () => {
    const { id } = await place.spawn('[[permission: run make]]')
    const orch = await place.open()
    place.server.freeze()
    for (const options of [{}, { choice: 'allow' }, { text: 'yes' }, { choice: 'allow', requestId: 'x' }]) {
      await expect(answer(orch, id, options)).rejects.toMatchObject({
        code: 'BACKEND_UNREACHABLE',
        agent: id,
        backend: 'memory',
        message: expect.stringContaining('could not be looked at'),
      })
    }
    place.server.thaw()
    expect((await answer(orch, id)).requests).toHaveLength(1)
  })

  it.each([{ choice: 'a', text: 'b' }])('refuses two replies at once', async (options) => {
    const { orch, id } = await place.spawn('[[question: Which? | a | b]]')
    await expect(answer(orch, id, options)).rejects.toThrow(TypeError)
  })

  it('refuses an empty text', async () => {
    const { orch, id } = await place.spawn('[[question: Which? | a | b]]')
    await expect(answer(orch, id, { text: '' })).rejects.toMatchObject({ code: 'EMPTY_MESSAGE' })
  })

  it('is unsupported where the backend shows a request and cannot answer it', async () => {
    const request = { id: 'r', kind: 'startup', text: 'Trust?', choices: [], answerable: false } as const
    const wrap: PlaceOptions['wrap'] = ({ answer: _, ...backend }) => ({
      ...backend,
      capabilitiesOf: () => ['turns'],
      observe: async (...args) => {
        const seen = await backend.observe(...args)
        const requests = {
          known: true as const,
          value: [{ ...request, detail: null, since: null, from: null }],
          evidence: { source: 'screen' as const, detail: 'x', at: '2026-01-02T03:04:05.000Z' },
        }
        return { ...seen, observations: seen.observations.map((one) => ({ ...one, requests })) }
      },
    })
    const { orch, id } = await place.spawn('x', { wrap })
    await expect(answer(orch, id, { text: 'yes' })).rejects.toMatchObject({ code: 'UNSUPPORTED', agent: id })
  })
})

describe('answer() of a request of the page', () => {
  it('sends the text, records it, and the question is not open any more', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'QUESTION: Which database?\n')
    const document = await answer(orch, id, { text: 'PostgreSQL' })
    expect(document).toMatchObject({
      result: 'answered',
      request: { kind: 'question', text: 'Which database?' },
      receipt: { delivery: 'confirmed' },
    })
    expect(place.server.received(id).at(-1)).toBe('PostgreSQL')
    expect((await status(orch)).agents).toMatchObject([{ state: 'idle', requests: [] }])
    const requestId = document.request?.id as string
    expect(await answer(orch, id, { text: 'again', requestId })).toMatchObject({ result: 'already', receipt: null })
    expect(place.server.received(id)).not.toContain('again')
  })

  it('is sent once, however many answer it at once', async () => {
    const { id } = await place.spawn('x')
    page(id, 'QUESTION: a\n')
    const all = await Promise.all(Array.from({ length: 6 }, () => place.open()))
    const results = await Promise.all(all.map((orch) => answer(orch, id, { text: 'yes' })))
    expect(results.map(({ result }) => result).sort()).toEqual([...Array(5).fill('already'), 'answered'])
    expect(place.server.received(id).filter((text) => text === 'yes')).toHaveLength(1)
  })

  it('can be answered again after a delivery that failed', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'QUESTION: a\n')
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      send: () => Promise.reject(new OrchError('BACKEND_UNREACHABLE', 'Cannot send: no')),
    })
    await expect(answer(await place.open({ wrap }), id, { text: 'yes' })).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
    })
    expect(await answer(orch, id, { text: 'yes' })).toMatchObject({ result: 'answered' })
  })

  it('needs no capability of the backend', async () => {
    const { orch, id } = await place.spawn('x', { memory: { without: ['requests', 'turns'] } })
    page(id, 'BLOCKED: no access\n')
    expect(await answer(orch, id, { text: 'granted' })).toMatchObject({ result: 'answered' })
    expect(await answer(orch, id, { text: 'x', requestId: 'page-0123456789ab' })).toMatchObject({ result: 'gone' })
  })

  it('is gone when its line went', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'QUESTION: a\n')
    const requestId = (await answer(orch, id)).requests[0]?.id as string
    page(id, 'Phase: Testing\n')
    expect(await answer(orch, id, { text: 'x', requestId })).toMatchObject({ result: 'gone', request: null })
    expect(place.server.received(id)).not.toContain('x')
  })

  it('has to be named when several are open', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'QUESTION: a\nBLOCKED: b\n')
    const { requests } = await answer(orch, id)
    const rejected = answer(orch, id, { text: 'yes' })
    await expect(rejected).rejects.toMatchObject({
      code: 'REQUEST_AMBIGUOUS',
      hint: expect.stringContaining(requests[1]?.id as string),
    })
    const requestId = requests[1]?.id as string
    expect(await answer(orch, id, { text: 'yes', requestId })).toMatchObject({
      result: 'answered',
      request: { text: 'b' },
    })
    expect((await answer(orch, id)).requests.map(({ text }) => text)).toEqual(['a'])
  })

  it('offers no choices', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'QUESTION: a\n')
    await expect(answer(orch, id, { choice: 'allow' })).rejects.toMatchObject({ code: 'CHOICE_UNKNOWN' })
  })

  it('is never typed into a dialog that the backend shows', async () => {
    const { orch, id } = await place.spawn('[[permission: run make]]')
    page(id, 'QUESTION: a\n')
    const { requests } = await answer(orch, id)
    const requestId = requests.find(({ kind }) => kind === 'question')?.id as string
    const document = await answer(orch, id, { text: 'yes', requestId })
    expect(document).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'WAITING' } } })
    expect(document.result).not.toBe('answered')
    expect(place.server.received(id)).not.toContain('yes')
    expect((await answer(orch, id)).requests).toHaveLength(2)
  })

  it.each<readonly [Delivery, boolean]>([
    ['confirmed', true],
    ['queued', true],
    ['accepted', true],
    ['unconfirmed', false],
    ['refused', false],
  ])('after a delivery that was %s is answered: %j', async (delivery, answered) => {
    const { id } = await place.spawn('x')
    page(id, 'QUESTION: a\n')
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      send: async (_, message) => ({ messageId: message.id, delivery, reason: null, evidence: [], at: NOW }),
    })
    const document = await answer(await place.open({ wrap }), id, { text: 'yes' })
    expect([document.result === 'answered', document.receipt?.delivery]).toEqual([answered, delivery])
    const orch = await place.open()
    expect((await answer(orch, id)).requests).toHaveLength(answered ? 0 : 1)
    if (!answered) expect(await answer(orch, id, { text: 'again' })).toMatchObject({ result: 'answered' })
  })

  it('of a dead agent is not open any more', async () => {
    const { orch, id } = await place.spawn('[[exit: 3]]')
    page(id, 'QUESTION: a\n')
    expect(await answer(orch, id)).toMatchObject({ result: 'listed', requests: [] })
  })
})

const NOW = '2026-01-02T03:04:05.000Z'

function page(id: string, text: string): void {
  writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), text)
}
