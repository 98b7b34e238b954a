import { describe, expect, it } from '@jest/globals'
import { answerInEvents } from '../../src/hooks/answer-in-events.ts'
import { type HookEvent, parseHookEvent } from '../../src/hooks/hook-event.ts'

function event(name: string, fields: object = {}): HookEvent {
  const parsed = parseHookEvent(`1000-7 ${JSON.stringify({ hook_event_name: name, ...fields })}`)
  if (parsed === null) throw new TypeError('This is an event')
  return parsed
}

const given = event('UserPromptSubmit', { prompt_id: 'p' })
const stop = (text: string, prompt_id: string, rest: object = {}): HookEvent =>
  event('Stop', { last_assistant_message: text, prompt_id, ...rest })
const withSubagents = { background_tasks: [{ type: 'subagent', status: 'running' }] }

describe('answerInEvents()', () => {
  it.each([
    ['is what its turn ended with', [stop('mine', 'p'), stop('later', 'q')], 'mine'],
    ['is none before the end', [event('PreToolUse')], null],
    ['is none of a turn that failed', [event('StopFailure', { prompt_id: 'p' })], null],
    [
      'is none of a turn that was broken off',
      [event('UserPromptSubmit', { prompt_id: 'q' }), stop('other', 'q')],
      null,
    ],
    ['comes when the subagents have ended', [stop('wait', 'p', withSubagents), stop('all done', 'n')], 'all done'],
    ['is none while they work', [stop('wait', 'p', withSubagents)], null],
    ['is no subagent’s', [event('Stop', { agent_id: 'a', prompt_id: 'p', last_assistant_message: 'x' })], null],
  ])('of a message that began its turn %s', (_, after, answer) => {
    expect(answerInEvents({ given, queued: false, after, isOver: true })).toBe(answer)
  })

  it.each([true, false])('of a message whose turn is named is what that ended with: queued %s', (queued) => {
    const steered = event('UserPromptSubmit', { turn_id: 't' })
    const end = (turn_id: string): HookEvent => event('Stop', { turn_id, last_assistant_message: `end of ${turn_id}` })
    expect(answerInEvents({ given: steered, queued, after: [end('t'), end('u')], isOver: false })).toBe('end of t')
    expect(answerInEvents({ given: steered, queued, after: [end('u')], isOver: true })).toBeNull()
  })

  it.each([
    ['is that of the next turn', [stop('before', 'p'), stop('next', 'q')], false, 'next'],
    ['is none while that may still come', [stop('before', 'p')], false, null],
    ['is that of the turn which took it at its next step', [stop('both', 'p')], true, 'both'],
  ])('of a queued message %s', (_, after, isOver, answer) => {
    expect(answerInEvents({ given, queued: true, after, isOver })).toBe(answer)
  })
})
