import { describe, expect, it } from '@jest/globals'
import { codex } from '../../src/programs/codex.ts'

const hooks = codex.hooks as NonNullable<typeof codex.hooks>

describe('codex', () => {
  it('is given its hooks together with the trust in exactly them, as it stored that itself', () => {
    const [flag, value] = hooks.launch(() => 'sh /tmp/base/hook.sh', 'unused').arguments('unused')
    expect(flag).toBe('-c')
    expect(value).toContain('SessionStart=[{hooks=[{type="command",command="sh /tmp/base/hook.sh",timeout=600}]}]')
    const stored = [
      ['session_start', '73db8b8c887fc246bdc040e73593fd0ac8935c967eef27d5b46c95984429edae'],
      ['user_prompt_submit', '3bb1523922a9bfc373cd58f21ed9bdcec124fb436febe42aec795c87daca9518'],
      ['stop', '63ea9ce015a562a67e73ac824c88893fe76603b91591f4ddb7773794afbe2a2a'],
      ['interrupt', '2229467503d35685f01dc2249911bc6136694c93f7898a0ad39c4309aff3e9ae'],
    ]
    for (const [event, hash] of stored)
      expect(value).toContain(`"/<session-flags>/config.toml:${event}:0:0"={trusted_hash="sha256:${hash}"}`)
  })

  it('quotes what a command line may hold', () => {
    const [, value] = hooks.launch(() => `'/it'\\''s' "x"`, 'unused').arguments('unused')
    expect(value).toContain(`command="'/it'\\\\''s' \\"x\\""`)
  })

  it('has the ends of turns that no hook tells of in its transcript', () => {
    const lines = [
      { timestamp: '2026-11-29T13:01:27.447Z', type: 'event_msg', payload: { type: 'task_started', turn_id: 't' } },
      {
        timestamp: '2026-11-29T13:01:27.523Z',
        type: 'event_msg',
        payload: { type: 'task_complete', turn_id: 't', last_agent_message: null, error: { message: 'no' } },
      },
      {
        timestamp: '2026-11-29T13:01:28.000Z',
        type: 'event_msg',
        payload: { type: 'turn_aborted', turn_id: 'u', reason: 'interrupted' },
      },
      {
        timestamp: '2026-11-29T13:01:29.000Z',
        type: 'event_msg',
        payload: { type: 'task_complete', turn_id: 'v', last_agent_message: 'hi' },
      },
      {
        timestamp: '2026-11-29T13:01:30.000Z',
        type: 'response_item',
        payload: { type: 'message', text: '"task_complete"' },
      },
    ]
    const ends = hooks.endsInTranscript?.([...lines.map((line) => JSON.stringify(line)), '{"task_complete"'])
    expect(ends).toMatchObject([
      {
        name: 'StopFailure',
        at: Date.parse('2026-11-29T13:01:27.523Z'),
        fields: { turn_id: 't', last_assistant_message: 'no' },
      },
      { name: 'Interrupt', fields: { turn_id: 'u' } },
      { name: 'Stop', fields: { turn_id: 'v', last_assistant_message: 'hi' } },
    ])
  })
})
