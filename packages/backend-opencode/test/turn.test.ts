import { describe, expect, it } from '@jest/globals'
import { TIMING } from '@orch/core'
import type { StoredMessage } from '../src/parse-message.ts'
import { decideTurn, type TurnView } from '../src/turn.ts'
import { recordedMessages } from './support/recorded.ts'

/** A look long after the newest message, by a client that does not know when the server started. */
function view(messages: readonly StoredMessage[] | null, changes: Partial<TurnView> = {}): TurnView {
  const newest = messages?.at(-1)
  const now = (newest?.completedAt ?? newest?.createdAt ?? 0) + TIMING.inFlightMs * 2
  return { status: undefined, messages, attempts: [], serverStartedAt: null, now, ...changes }
}

const soon = (messages: readonly StoredMessage[]): { now: number } => ({ now: (messages.at(-1)?.createdAt ?? 0) + 10 })

describe('decideTurn()', () => {
  it('takes a final answer to the newest message as the end of the turn', () => {
    for (const name of ['answer', 'shell', 'write', 'question-reply', 'permission-once', 'retry', 'queued']) {
      const { turn, isSettled, lookAgain } = decideTurn(view(recordedMessages(name)))
      expect([name, turn]).toEqual([name, expect.objectContaining({ status: 'ended', how: 'completed', reason: null })])
      expect([isSettled, lookAgain]).toEqual([true, false])
    }
  })

  it('is running while the server says so, whatever the messages say', () => {
    const messages = recordedMessages('answer')
    const since = new Date(messages[0]?.createdAt ?? 0).toISOString()
    expect(decideTurn(view(messages, { status: { type: 'busy' } })).turn).toEqual({
      status: 'running',
      since,
      reason: null,
    })
    expect(decideTurn(view(null, { status: { type: 'busy' } })).turn).toEqual({
      status: 'running',
      since: null,
      reason: null,
    })
  })

  it('says that it is retried, and why', () => {
    const status = { type: 'retry', attempt: 2, message: 'Too many requests' } as const
    const reason = { code: 'RETRYING', text: 'Attempt 2 failed: Too many requests' }
    expect(decideTurn(view(null, { status })).turn).toMatchObject({ status: 'running', reason })
  })

  it('is none before the first message', () => {
    expect(decideTurn(view([]))).toMatchObject({ turn: { status: 'none' }, isSettled: true })
  })

  it('ends interrupted after an abort, and in an error after one', () => {
    expect(decideTurn(view(recordedMessages('aborted'))).turn).toMatchObject({
      how: 'interrupted',
      reason: { code: 'INTERRUPTED' },
    })
    expect(decideTurn(view(recordedMessages('error'))).turn).toMatchObject({
      how: 'error',
      reason: { code: 'APIError', text: 'Scripted error 400' },
    })
  })

  it('says that an answer was cut at the limit of the model', () => {
    const messages = recordedMessages('answer').map((one) => (one.finish === null ? one : { ...one, finish: 'length' }))
    expect(decideTurn(view(messages))).toMatchObject({
      turn: { how: 'completed', reason: { code: 'ANSWER_CUT' } },
      isSettled: true,
      evidence: expect.stringContaining('has the finish "length"'),
    })
  })

  it('says that the model said nothing, unless it did something or spoke in an earlier step', () => {
    const silent = (name: string): StoredMessage[] => {
      const messages = recordedMessages(name)
      return [...messages.slice(0, -1), { ...(messages.at(-1) as StoredMessage), parts: [] }]
    }
    const messages = silent('answer')
    expect(decideTurn(view(messages))).toMatchObject({
      turn: { how: 'completed', reason: { code: 'ANSWER_EMPTY' } },
      isSettled: true,
    })
    expect(decideTurn(view(messages, soon(messages))).isSettled).toBe(false)
    expect(decideTurn(view(silent('shell'))).turn).toMatchObject({ how: 'completed', reason: null })
  })

  it('ends interrupted after an abort while the model was to be asked again', () => {
    expect(decideTurn(view(recordedMessages('retry-aborted')))).toMatchObject({
      turn: { how: 'interrupted', reason: { code: 'INTERRUPTED', text: expect.stringContaining('asked again') } },
      lookAgain: true,
    })
  })

  it('is not over while a queued message has no answer', () => {
    const messages = recordedMessages('queued').slice(0, 3)
    expect(decideTurn(view(messages, soon(messages))).turn).toMatchObject({
      status: 'running',
      reason: { code: 'BEGINNING' },
    })
  })

  it('ends in an error when the server took a message and never began to answer', () => {
    const messages = recordedMessages('answer').slice(0, 1)
    expect(decideTurn(view(messages))).toMatchObject({
      turn: { how: 'error', reason: { code: 'NOT_ANSWERED' } },
      isSettled: true,
    })
  })

  it('ends interrupted when an abort dropped a queued message', () => {
    const aborted = recordedMessages('aborted')
    const end = aborted[1]?.completedAt ?? 0
    const dropped = { ...(aborted[0] as StoredMessage), id: 'msg_dropped', createdAt: end - 1 }
    const messages = [...aborted, dropped]
    expect(decideTurn(view(messages, soon(messages))).turn).toMatchObject({
      how: 'interrupted',
      reason: { code: 'INTERRUPTED' },
    })
  })

  it('ends interrupted when the answer is older than the server', () => {
    const messages = recordedMessages('after-restart')
    const serverStartedAt = (messages.at(-1)?.createdAt ?? 0) + 1
    const decision = decideTurn(view(messages, { serverStartedAt }))
    expect(decision).toMatchObject({
      turn: { how: 'interrupted', reason: { code: 'SERVER_ENDED' } },
      isSettled: true,
      lookAgain: false,
    })
    const unanswered = decideTurn(view(messages.slice(0, 1), { serverStartedAt, ...soon(messages) }))
    expect(unanswered.turn).toMatchObject({ how: 'interrupted', reason: { code: 'SERVER_ENDED' } })
  })

  it('looks again when status and messages may stem from different instants', () => {
    for (const name of ['tool-running', 'streaming', 'permission-reject']) {
      expect([name, decideTurn(view(recordedMessages(name))).lookAgain]).toEqual([name, true])
    }
    const fresh = recordedMessages('tool-running')
    expect(decideTurn(view(fresh, soon(fresh))).isSettled).toBe(false)
  })

  it('ends interrupted, by name, when a permission was denied', () => {
    expect(decideTurn(view(recordedMessages('permission-reject'))).turn).toMatchObject({
      how: 'interrupted',
      reason: { code: 'DENIED' },
    })
  })

  it('is not over while a message that was sent may still arrive', () => {
    const messages = recordedMessages('answer')
    const { now } = view(messages)
    const young = [{ id: 'm2', at: new Date(now - 1_000).toISOString() }]
    expect(decideTurn(view(messages, { attempts: young }))).toMatchObject({
      turn: { status: 'running', reason: { code: 'MESSAGE_ON_ITS_WAY' } },
      isSettled: false,
      arrived: [],
    })
    const old = [{ id: 'm2', at: new Date(now - TIMING.inFlightMs - 1).toISOString() }]
    expect(decideTurn(view(messages, { attempts: old })).turn).toMatchObject({ status: 'ended' })
  })

  it('names the attempts that arrived, also while a turn runs', () => {
    const messages = recordedMessages('answer')
    const attempts = [{ id: 'm1', at: new Date(0).toISOString() }]
    expect(decideTurn(view(messages, { attempts }))).toMatchObject({ turn: { status: 'ended' }, arrived: ['m1'] })
    expect(decideTurn(view(messages, { attempts, status: { type: 'busy' } })).arrived).toEqual(['m1'])
  })
})
