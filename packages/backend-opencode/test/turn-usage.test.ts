import { describe, expect, it } from '@jest/globals'
import { parseSession, type Session } from '../src/parse.ts'
import { parseMessage, type StoredMessage } from '../src/parse-message.ts'
import { turnUsages } from '../src/turn-usage.ts'

function message(id: string, at: number, info: object, subagent?: string): StoredMessage {
  const state = { status: 'completed', input: {}, metadata: { sessionId: subagent, parentSessionId: 'ses_own' } }
  const parts = subagent === undefined ? [] : [{ id: `${id}-p`, messageID: id, type: 'tool', tool: 'task', state }]
  const parsed = parseMessage({ info: { id, time: { created: at, completed: at + 1 }, ...info }, parts })
  if (parsed === null) throw new Error(`Cannot parse the message "${id}"`)
  return parsed
}

const asked = (id: string, at: number): StoredMessage => message(id, at, { role: 'user' })

/** An answer `a1…` to the message `u1`. */
function answer(id: string, at: number, input: number, subagent?: string): StoredMessage {
  const tokens = { input, output: 0, reasoning: 0, cache: { read: 0, write: 0 } }
  const parentID = `u${id.slice(1, 2)}`
  return message(id, at, { role: 'assistant', parentID, finish: 'stop', cost: 0, tokens }, subagent)
}

function session(id: string, at: number, parentID: string, input: number): Session {
  const tokens = { input, output: 0, reasoning: 0, cache: { read: 0, write: 0 } }
  const parsed = parseSession({ id, directory: '/', parentID, time: { created: at, updated: at }, cost: 0, tokens })
  if (parsed === null) throw new Error(`Cannot parse the session "${id}"`)
  return parsed
}

function inputs(messages: StoredMessage[], sessions: Session[] = [], last = 9): [string, number | null][] {
  const turns = turnUsages({ messages, sessions, contextLimits: new Map() }, last)
  return turns.map(({ messageId, usage }) => [messageId, usage.inputTokens])
}

describe('turnUsages()', () => {
  it('counts a subagent, and what it started itself, once: for the turn that started it', () => {
    const messages = [
      ...[asked('u1', 10), answer('a1', 11, 1, 'child'), answer('a1b', 12, 2, 'child')],
      ...[asked('u2', 20), answer('a2', 21, 4, 'child')],
    ]
    const sessions = [session('child', 12, 'own', 100), session('grandchild', 13, 'child', 1000)]
    expect(inputs(messages, sessions)).toEqual([
      ['u1', 1103],
      ['u2', 4],
    ])
  })

  it('does not count a subagent for a later turn when the one that started it is not shown', () => {
    const messages = [asked('u2', 20), answer('a2', 21, 4, 'child')]
    expect(inputs(messages, [session('child', 12, 'own', 100)])).toEqual([['u2', 4]])
  })

  it('leaves out a turn whose beginning is not shown, and one that nothing answered', () => {
    const messages = [answer('a1', 11, 1), asked('u2', 20), answer('a2', 21, 2), asked('u3', 30)]
    expect(inputs(messages)).toEqual([['u2', 2]])
  })

  it('shows the newest so many', () => {
    const messages = [1, 2, 3].flatMap((n) => [asked(`u${n}`, n * 10), answer(`a${n}`, n * 10 + 1, n)])
    expect(inputs(messages, [], 2).map(([id]) => id)).toEqual(['u2', 'u3'])
  })
})
