import { describe, expect, it } from '@jest/globals'
import type { Item, Reason, State, TailLine } from '@orch/core'
import { createPage } from '../src/page.ts'
import { writeTailLine } from '../src/render/tail-line.ts'
import { itemWith, NOW } from './harness/documents.ts'

const agent = 'fix-login-7k3q'

function shown(lines: readonly TailLine[], raw = false): string {
  const page = createPage({ interactive: false, colors: false, columns: null, now: NOW })
  for (const line of lines) writeTailLine(page, line, raw)
  return page.take().answer
}

function item(changes: Partial<Item>): TailLine {
  return { apiVersion: 1, type: 'item', agent, cursor: null, item: itemWith(changes) }
}

function delta(text: string, itemId = 'item_1'): TailLine {
  return { apiVersion: 1, type: 'delta', agent, itemId, text }
}

function state(state: State, reason: Reason): TailLine {
  return { apiVersion: 1, type: 'state', agent, state, reason }
}

function tool(status: 'pending' | 'running' | 'completed', final: boolean): TailLine {
  const call = { name: 'bash', status, input: 'npm test', output: null, durationMs: final ? 1500 : null }
  return item({ id: 'tool_1', kind: 'tool', text: null, tool: call, final })
}

describe('tail', () => {
  it('shows streamed text once, although the finished item repeats it', () => {
    const lines = [delta('The redirect '), delta('is fixed.'), item({ text: 'The redirect is fixed.' })]
    expect(shown(lines)).toBe('The redirect is fixed.\n')
  })

  it('adds what the finished item has more than the deltas', () => {
    expect(shown([delta('The redirect'), item({ text: 'The redirect is fixed.' })])).toBe('The redirect is fixed.\n')
  })

  it('shows the whole text again when it is not what streamed in', () => {
    expect(shown([delta('The cookie'), item({ text: 'The redirect is fixed.' })])).toBe(
      'The cookie\nThe redirect is fixed.\n',
    )
  })

  it('shows an item that grows as it grows', () => {
    const lines = [
      item({ text: 'One', final: false }),
      item({ text: 'One two', final: false }),
      item({ text: 'One two', final: true }),
    ]
    expect(shown(lines)).toBe('One two\n')
  })

  it('shows a finished item once, although it is sent again', () => {
    expect(shown([item({}), item({}), delta(' more')])).toBe('The redirect is fixed.\n')
  })

  it('keeps two texts that stream at the same time on lines of their own', () => {
    const lines = [delta('a1', 'a'), delta('b1', 'b'), delta('a2', 'a'), item({ id: 'b', text: 'b1b2' })]
    expect(shown(lines)).toBe('a1\nb1\na2\nb2\n')
  })

  it('does not break a line of streamed text to say that a turn runs', () => {
    const runs = state('working', { code: 'TURN_RUNNING', text: 'A turn runs' })
    const retries = state('working', { code: 'RETRYING', text: 'Attempt 1 failed' })
    expect(shown([runs, delta('a '), runs, delta('b')])).toBe('-- working: A turn runs\na b')
    expect(shown([delta('a '), retries, delta('b')])).toBe('a \n-- working: Attempt 1 failed\nb')
  })

  it('shows each status of a tool call once', () => {
    const lines = [tool('pending', false), tool('running', false), tool('running', false), tool('completed', true)]
    expect(shown(lines)).toBe('[pending] bash npm test\n[running] bash npm test\n[completed] bash npm test (1.5 s)\n')
  })

  it('shows a tool call only once it says what it does', () => {
    const call = { name: 'bash', status: 'pending' as const, input: '', output: null, durationMs: null }
    const nothingYet = item({ id: 'tool_1', kind: 'tool', text: null, tool: call, final: false })
    expect(shown([nothingYet, tool('running', false)])).toBe('[running] bash npm test\n')
  })

  it('shows the beginning of what a tool said, and how much more there is', () => {
    const output = Array.from({ length: 8 }, (_, index) => `line ${index}`).join('\n')
    const call = { name: 'bash', status: 'completed' as const, input: 'ls', output, durationMs: 20 }
    expect(shown([item({ kind: 'tool', text: null, tool: call })])).toBe(
      [
        '[completed] bash ls (0.0 s)',
        ...['line 0', 'line 1', 'line 2', 'line 3', 'line 4', '… 3 more lines'].map((line) => `    ${line}`),
        '',
      ].join('\n'),
    )
  })

  it('shows an edit as what it changed', () => {
    const text = 'Index: a.txt\n=====\n--- a.txt\n+++ a.txt\n@@ -1,1 +1,1 @@\n-\told\n+\tnew\n'
    const call = { name: 'edit', status: 'completed' as const, input: '{}', output: 'Done', durationMs: 20 }
    expect(shown([item({ kind: 'diff', text, tool: call })])).toBe(
      '[completed] edit (0.0 s)\n    --- a.txt\n    +++ a.txt\n    @@ -1,1 +1,1 @@\n    -\told\n    +\tnew\n',
    )
  })

  it('indents what a subagent says, also while it streams', () => {
    const call = { name: 'bash', status: 'completed' as const, input: 'ls', output: 'a', durationMs: 20 }
    const from = 'Look around'
    const lines = [
      item({ id: 's', text: '', final: false, from }),
      delta('one\n', 's'),
      delta('two', 's'),
      item({ id: 't', kind: 'tool', text: null, tool: call, from }),
      item({ id: 's', text: 'one\ntwo', from }),
      item({ id: 'u', role: 'user', text: 'do\nthat', from }),
    ]
    expect(shown(lines)).toBe(
      '  Look around: one\n  two\n  Look around: [completed] bash ls (0.0 s)\n      a\n  Look around: > do\n  that\n',
    )
  })

  it('shows a text that was joined in its middle when it is whole, and once', () => {
    const lines = [item({ text: '', final: false, truncated: true }), delta('is fixed.'), item({})]
    expect(shown(lines)).toBe('The redirect is fixed.\n')
  })

  it('goes on after a gap where the text stopped', () => {
    const reason = { code: 'X', text: 'because' }
    const lines: TailLine[] = [delta('The redirect'), { apiVersion: 1, type: 'gap', agent, reason }, item({})]
    expect(shown(lines)).toBe('The redirect\n-- something may be missing: because\n is fixed.\n')
  })

  it('shows states, gaps and the end on lines of their own', () => {
    const reason = { code: 'X', text: 'because' }
    const lines: TailLine[] = [
      delta('half a sen'),
      { apiVersion: 1, type: 'gap', agent, reason },
      { apiVersion: 1, type: 'state', agent, state: 'idle', reason },
      { apiVersion: 1, type: 'end', agent, reason },
    ]
    expect(shown(lines)).toBe('half a sen\n-- something may be missing: because\n-- idle: because\n-- end: because\n')
  })

  it('removes terminal control sequences, but not with --raw', () => {
    const line = item({ kind: 'screen', role: null, text: '\x1b[31mred\x1b[0m' })
    expect(shown([line])).toBe('red\n')
    expect(shown([line], true)).toBe('\x1b[31mred\x1b[0m\n')
    expect(shown([delta('\x1b]0;owned\x07x')])).toBe('x')
  })
})
