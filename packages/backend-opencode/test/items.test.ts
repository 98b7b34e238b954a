import { describe, expect, it } from '@jest/globals'
import { itemsOf, LONGEST_TEXT } from '../src/items.ts'
import type { StoredMessage } from '../src/parse-message.ts'
import { recordedMessages } from './support/recorded.ts'

const items = (name: string): ReturnType<typeof itemsOf> =>
  recordedMessages(name).flatMap((message) => itemsOf(message, false))

describe('itemsOf()', () => {
  it('shows texts, reasoning and tool calls, and nothing of the bookkeeping between', () => {
    const shown = items('shell').map(({ kind, role, text, tool, final }) => [kind, role, text ?? tool?.output, final])
    expect(shown).toMatchSnapshot()
  })

  it('shows a tool call with its status, its command, what it said and how long it took', () => {
    const [tool] = items('shell').flatMap((item) => item.tool ?? [])
    expect(tool).toEqual({
      name: 'bash',
      status: 'completed',
      input: expect.any(String),
      output: expect.any(String),
      durationMs: expect.any(Number),
    })
    expect(tool?.input).not.toMatch(/^\{/)
    expect(items('shell-failed').flatMap((item) => item.tool ?? [])[0]?.status).toMatch(/completed|error/)
    expect(items('invalid-tool').flatMap((item) => item.tool ?? [])[0]?.name).toBe('invalid')
    expect(items('write').flatMap((item) => item.tool ?? [])[0]?.input).toMatch(/^\{"filePath"/)
  })

  it('shows what an edit changed once it is done, and the beginning of what is huge', () => {
    expect(items('permission-once')[1]).toMatchObject({
      kind: 'diff',
      text: expect.stringContaining('-old\n+new\n'),
      tool: { name: 'edit', status: 'completed', output: 'Edit applied successfully.' },
      truncated: false,
    })
    expect(items('permission-open')[1]).toMatchObject({ kind: 'tool', text: null, tool: { status: 'running' } })
    const [, message] = recordedMessages('shell') as [StoredMessage, StoredMessage]
    const withOutput = (output: string): StoredMessage => ({
      ...message,
      parts: message.parts.map((part) => ({ ...part, tool: part.tool && { ...part.tool, output } })),
    })
    const sizes = [LONGEST_TEXT, LONGEST_TEXT + 1].map((length) => {
      const [item] = itemsOf(withOutput('x'.repeat(length)), false).filter(({ kind }) => kind === 'tool')
      return [item?.tool?.output?.length, item?.truncated]
    })
    expect(sizes).toEqual([
      [LONGEST_TEXT, false],
      [LONGEST_TEXT, true],
    ])
  })

  it('is not final while it runs or streams', () => {
    expect(items('tool-running').map(({ kind, final }) => [kind, final])).toEqual([
      ['message', true],
      ['tool', false],
    ])
    expect(items('streaming').map(({ role }) => role)).toEqual(['user'])
  })

  it('leaves out what the server put into a message itself', () => {
    const [message] = recordedMessages('answer') as [StoredMessage]
    const parts = message.parts.map((part) => ({ ...part, isSynthetic: true }))
    expect(itemsOf({ ...message, parts }, false)).toEqual([])
  })

  it('keeps bytes only when asked to', () => {
    const [message] = recordedMessages('answer') as [StoredMessage]
    const parts = message.parts.map((part) => ({ ...part, text: '\x1b[31mred\x1b[0m' }))
    expect(itemsOf({ ...message, parts }, false)[0]?.text).toBe('red')
    expect(itemsOf({ ...message, parts }, true)[0]?.text).toBe('\x1b[31mred\x1b[0m')
  })
})
