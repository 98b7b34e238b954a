import { describe, expect, it } from '@jest/globals'
import { hear } from '../../src/hooks/look-at-hooks.ts'
import { recordedWitnesses } from '../../src/hooks/witnesses.ts'
import { waitingInClaude } from '../../src/transcripts/claude-queue.ts'

const queue = (operation: string): string => JSON.stringify({ type: 'queue-operation', operation })
const USER = JSON.stringify({ type: 'user', message: { role: 'user', content: 'queue-operation' } })
const ASSISTANT = JSON.stringify({ type: 'assistant', message: { role: 'assistant', content: '"user"' } })

describe('waitingInClaude()', () => {
  it.each([
    ['nothing that was written down', [], 0],
    ['what was given at once', [USER, ASSISTANT], 0],
    ['a message that waits', [USER, queue('enqueue'), ASSISTANT], 1],
    [
      'two, of which one is taken for a turn that has not begun',
      [queue('enqueue'), queue('enqueue'), queue('dequeue')],
      2,
    ],
    ['the same once it has', [queue('enqueue'), queue('enqueue'), queue('dequeue'), USER], 1],
    ['all that were taken together', [queue('enqueue'), queue('enqueue'), queue('dequeue'), queue('dequeue'), USER], 0],
    ['one that joined the running turn', [queue('enqueue'), queue('remove'), ASSISTANT], 0],
    ['those that a person took back', [queue('enqueue'), queue('enqueue'), queue('popAll')], 0],
    ['one whose beginning is not there any more', [queue('dequeue'), USER, 'cut "queue-operation"'], 0],
  ])('counts %s', (_, lines, count) => {
    expect(waitingInClaude(lines)).toBe(count)
  })
})

describe('a turn of Claude Code that has ended', () => {
  const turnAfter = (agoMs: number, transcriptLines: readonly string[]): object => {
    const now = 1_795_986_283_129
    const event = (name: string): string =>
      `${now - agoMs}-7 ${JSON.stringify({ hook_event_name: name, transcript_path: '/transcript' })}`
    const eventLines = ['UserPromptSubmit', 'Stop'].map(event)
    return hear('claude', recordedWitnesses({ now, eventLines, transcriptLines, statusNotes: [], asking: [] })).decision
  }

  it('goes on while a message waits, and ends when none does', () => {
    expect(turnAfter(50, [queue('enqueue')])).toMatchObject({
      turn: { status: 'running', reason: { code: 'QUEUED' } },
      source: 'transcript',
    })
    expect(turnAfter(50, [queue('enqueue'), queue('dequeue'), USER])).toMatchObject({ turn: { status: 'ended' } })
  })

  it('is over long after it ended, whatever is written down', () => {
    expect(turnAfter(10_000, [queue('enqueue')])).toMatchObject({ turn: { status: 'ended', how: 'completed' } })
  })
})
