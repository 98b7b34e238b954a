import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Delivery } from '../../src/agent.ts'
import { OrchError } from '../../src/errors.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { status } from '../../src/orchestrator/status.ts'
import { wait } from '../../src/orchestrator/wait.ts'
import type { StoredRecord } from '../../src/registry/record.ts'
import { createPlace, interrupted, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('send()', () => {
  it('delivers the text unaltered and proves it', async () => {
    const { orch, id } = await place.spawn('x')
    const text = '  ünïcode 修复 🎉\n\tC-c; Enter `x` $(y) "z" \'; \0 '
    const document = await send(orch, id, text)
    expect(document).toMatchObject({
      apiVersion: 1,
      warnings: [],
      agent: id,
      answer: null,
      receipt: { delivery: 'confirmed', reason: null, messageId: expect.any(String), evidence: [expect.anything()] },
    })
    expect(place.server.received(id).at(-1)).toBe(text)
    expect(await attempts(id)).toEqual([])
  })

  it('delivers two identical texts twice', async () => {
    const { orch, id } = await place.spawn('x')
    const receipts = [await send(orch, id, 'same'), await send(orch, id, 'same')].map(({ receipt }) => receipt)
    expect(new Set(receipts.map(({ messageId }) => messageId)).size).toBe(2)
    expect(place.server.received(id).filter((text) => text === 'same')).toHaveLength(2)
  })

  it('is queued behind a running turn', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    expect((await send(orch, id, 'next')).receipt.delivery).toBe('queued')
  })

  it('is safe against many senders at once', async () => {
    const { id } = await place.spawn('x')
    const all = await Promise.all(Array.from({ length: 10 }, () => place.open()))
    const documents = await Promise.all(all.map((orch, index) => send(orch, id, `text ${index}`)))
    expect(new Set(documents.map(({ receipt }) => receipt.delivery))).toEqual(new Set(['confirmed']))
    const texts = place.server.received(id).slice(1)
    expect(texts.toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `text ${index}`))
    expect(await attempts(id)).toEqual([])
  })

  it('refuses an empty message', async () => {
    const { orch, id } = await place.spawn('x')
    await expect(send(orch, id, '')).rejects.toMatchObject({ code: 'EMPTY_MESSAGE', agent: id })
  })

  it('says that there is no such agent', async () => {
    await expect(send(await place.open(), 'nobody-7k3q', 'x')).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })

  it('wakes a conversation whose server has stopped', async () => {
    const { orch, id } = await place.spawn('x', { memory: { survives: true } })
    place.server.kill()
    expect((await send(orch, id, 'again')).receipt.delivery).toBe('confirmed')
    expect(place.server.received(id).at(-1)).toBe('again')
  })
})

describe('send() refuses before acting', () => {
  const refused = async (id: string, code: string, options: { force?: boolean } = {}): Promise<void> => {
    const { receipt } = await send(await place.open(), id, 'never', options)
    expect(receipt).toMatchObject({ delivery: 'refused', messageId: null, reason: { code, text: expect.any(String) } })
    expect(place.server.received(id)).not.toContain('never')
    expect(await attempts(id)).toEqual([])
  }

  it('while the agent waits on a request, unless forced', async () => {
    const { orch, id } = await place.spawn('[[permission: run make]]')
    await refused(id, 'WAITING')
    expect((await send(orch, id, 'forced', { force: true })).receipt.delivery).toBe('queued')
  })

  it('while a question stands on its page, unless forced', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'QUESTION: Which one?\n')
    await refused(id, 'WAITING')
    expect((await send(orch, id, 'forced', { force: true })).receipt.delivery).toBe('confirmed')
  })

  it('while it could not be looked at', async () => {
    const { id } = await place.spawn('x')
    place.server.freeze()
    const { receipt } = await send(await place.open(), id, 'never')
    expect(receipt).toMatchObject({
      delivery: 'refused',
      reason: { code: 'UNKNOWN', text: expect.stringMatching(/reach/) },
    })
    place.server.thaw()
    expect(place.server.received(id)).not.toContain('never')
  })

  it.each(['completed', 'abandoned'] as const)('while it is being %s, unless forced', async (ending) => {
    const { orch, id } = await place.spawn('x')
    await orch.registry.append(id, (await orch.registry.get(id))?.revision ?? 0, { type: 'ending', set: { ending } })
    await refused(id, 'ENDING')
    expect((await send(orch, id, 'forced', { force: true })).receipt.delivery).toBe('confirmed')
  })

  it('when its end began after the look', async () => {
    const { id } = await place.spawn('x')
    const orch = await place.open({
      wrap: (backend) => ({
        ...backend,
        async observe(refs, signal) {
          const result = await backend.observe(refs, signal)
          const { revision } = (await orch.registry.get(id)) as StoredRecord
          await orch.registry.append(id, revision, { type: 'ending', set: { ending: 'completed' } })
          return result
        },
      }),
    })
    expect((await send(orch, id, 'never')).receipt).toMatchObject({ delivery: 'refused', reason: { code: 'ENDING' } })
    expect(place.server.received(id)).not.toContain('never')
    expect(await attempts(id)).toEqual([])
  })

  it('when it was completed or abandoned, even when forced', async () => {
    const { orch, id } = await place.spawn('x')
    await complete(orch, [id], { force: true })
    await refused(id, 'CLOSED')
    await refused(id, 'CLOSED', { force: true })
    const other = await place.spawn('x')
    await abandon(orch, [other.id])
    await refused(other.id, 'CLOSED', { force: true })
  })

  it('when it was closed between the look and the sending', async () => {
    const { id } = await place.spawn('x')
    const closing = await place.open({
      memory: { barrier: (point) => (point === 'observe:after' ? close(id) : undefined) },
    })
    const sent: string[] = []
    const backend = await closing.backend('memory')
    const counted = {
      ...backend,
      send: (...args: Parameters<typeof backend.send>) => {
        sent.push(id)
        return backend.send(...args)
      },
    }
    const { receipt } = await send({ ...closing, backend: async () => counted }, id, 'never', { force: true })
    expect(receipt).toMatchObject({ delivery: 'refused', reason: { code: 'CLOSED' } })
    expect(sent).toEqual([])
  })

  it('when its process ended', async () => {
    const { id } = await place.spawn('[[exit: 0]]')
    await refused(id, 'PROCESS_ENDED')
    const failed = await place.spawn('[[exit: 3]]')
    await refused(failed.id, 'PROCESS_ENDED', { force: true })
  })

  it('when it is lost', async () => {
    const { id } = await place.spawn('x')
    place.server.restart()
    await refused(id, 'SERVER_OVER', { force: true })
  })

  it('while its spawn did not come to an end', async () => {
    const orch = await place.open()
    const half = interrupted(orch, { target: (await orch.backend('memory')).target })
    await orch.registry.create(half)
    const { receipt } = await send(orch, half.id, 'never', { force: true })
    expect(receipt).toMatchObject({ delivery: 'refused', reason: { code: 'NOT_SPAWNED' } })
  })
})

describe('an attempt whose arrival is not proven', () => {
  it('is kept, said, and not tried again', async () => {
    const { id } = await place.spawn('x')
    const orch = await place.open({ memory: { crash: { at: 'send:before', how: 'reject' } } })
    const { receipt } = await send(orch, id, 'lost')
    expect(receipt).toMatchObject({
      delivery: 'unconfirmed',
      reason: { code: 'BACKEND_ERROR' },
      messageId: expect.any(String),
    })
    expect(await attempts(id)).toEqual([receipt.messageId])
    expect(place.server.received(id)).not.toContain('lost')
  })

  it('keeps the agent from being idle', async () => {
    const { id } = await place.spawn('x')
    await send(await place.open({ memory: { crash: { at: 'send:before', how: 'reject' } } }), id, 'lost')
    const orch = await place.open()
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'unknown', reason: { code: 'IN_FLIGHT' } }])
    expect(await wait(orch, [id], { until: ['idle'], timeoutMs: 300 })).toMatchObject({ outcome: 'timeout' })
  })

  it('is settled as soon as it is seen to have arrived', async () => {
    const { id } = await place.spawn('x')
    const orch = await place.open({ memory: { crash: { at: 'send:after', how: 'reject' } } })
    expect((await send(orch, id, 'arrived')).receipt.delivery).toBe('unconfirmed')
    expect(place.server.received(id)).toContain('arrived')
    expect((await status(orch)).agents).toMatchObject([{ state: 'idle' }])
    expect(await attempts(id)).toEqual([])
  })

  it.each<readonly [Delivery, readonly ['turns'] | readonly [], boolean]>([
    ['confirmed', [], false],
    ['queued', [], false],
    ['unconfirmed', [], true],
    ['accepted', [], true],
    ['accepted', ['turns'], false],
    ['refused', [], false],
  ])('is open after "%s" (without %j): %j', async (delivery, without, open) => {
    const { id } = await place.spawn('x')
    const at = new Date().toISOString()
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      send: async (_, message) => ({ messageId: message.id, delivery, reason: null, evidence: [], at }),
    })
    const { receipt } = await send(await place.open({ wrap, memory: { without } }), id, 'text')
    expect(await attempts(id)).toEqual(open ? [receipt.messageId] : [])
  })

  it('is not left behind by a send that provably did nothing', async () => {
    const { id } = await place.spawn('x')
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      send: () => Promise.reject(new OrchError('BACKEND_UNREACHABLE', 'Cannot send: no')),
    })
    await expect(send(await place.open({ wrap }), id, 'text')).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
      agent: id,
      backend: 'memory',
    })
    expect(await attempts(id)).toEqual([])
  })

  it('is said to be so when the backend does not answer in time', async () => {
    const { id } = await place.spawn('x')
    const wrap: PlaceOptions['wrap'] = (backend) => ({ ...backend, send: () => new Promise(() => {}) })
    const { receipt } = await send(await place.open({ wrap, requestTimeoutMs: 50 }), id, 'text')
    expect(receipt).toMatchObject({ delivery: 'unconfirmed', reason: { code: 'TIMEOUT' } })
    expect(await attempts(id)).toEqual([receipt.messageId])
  })

  it('is known to the backend before it acts', async () => {
    const seen: unknown[] = []
    const { id } = await place.spawn('x')
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      send: async (agent, message, signal) => {
        seen.push(await attempts(id), [message.id])
        return await backend.send(agent, message, signal)
      },
    })
    await send(await place.open({ wrap }), id, 'text')
    expect(seen[0]).toEqual(seen[1])
  })
})

it('send(), then wait for idle, never matches the turn before', async () => {
  const { orch, id } = await place.spawn('[[answer: first]]')
  for (let round = 0; round < 5; round++) {
    const { receipt } = await send(orch, id, `[[hang: round ${round}]]`)
    expect(receipt.delivery).toBe('confirmed')
    const waiting = wait(await place.open(), [id], { until: ['idle'], timeoutMs: 20_000 })
    expect(await wait(orch, [id], { until: ['working'] })).toMatchObject({ outcome: 'met' })
    place.server.finish(id)
    const document = await waiting
    expect(document).toMatchObject({ outcome: 'met', agents: [{ agent: { state: 'idle' } }] })
    expect((await orch.registry.get(id))?.record.attempts).toEqual([])
  }
})

async function attempts(id: string): Promise<string[]> {
  const stored = await (await place.open()).registry.get(id)
  return stored?.record.attempts.map((attempt) => attempt.id) ?? []
}

async function close(id: string): Promise<void> {
  const { registry } = await place.open()
  const stored = await registry.get(id)
  if (stored === null || stored.closed) return
  await registry.archive(id, stored.revision, { type: 'x', set: { lifecycle: 'completed' } })
}

function page(id: string, text: string): void {
  writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), text)
}
