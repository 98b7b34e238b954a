import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { claudeEntries } from '../../src/transcripts/claude-transcript.ts'
import { codexEntries } from '../../src/transcripts/codex-transcript.ts'

const recorded = (name: string): string[] =>
  readFileSync(join(import.meta.dirname, `../../../../tests/recorded/transcripts/${name}.jsonl`), 'utf8').split('\n')

const at = '2026-11-29T12:18:02.423Z'

describe('claudeEntries()', () => {
  const read = (line: object): object[] => claudeEntries(JSON.stringify({ uuid: 'u', timestamp: at, ...line }))
  const said = (role: string, content: unknown, rest: object = {}): object[] =>
    read({ type: role, message: { role, content }, ...rest })

  it('reads what was said, thought, called and returned', () => {
    expect(said('user', 'Say hello')).toEqual([
      { type: 'said', kind: 'message', role: 'user', id: 'u.0', text: 'Say hello', at },
    ])
    const blocks = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'text', text: 'Hello' },
      { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } },
    ]
    expect(said('assistant', blocks)).toEqual([
      { type: 'said', kind: 'reasoning', role: 'assistant', id: 'u.0', text: 'hm', at },
      { type: 'said', kind: 'message', role: 'assistant', id: 'u.1', text: 'Hello', at },
      { type: 'called', id: 'toolu_1', name: 'Bash', input: { command: 'ls' }, at },
    ])
    const result = [
      { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: [{ type: 'text', text: 'no' }] },
    ]
    expect(said('user', result)).toEqual([{ type: 'returned', id: 'toolu_1', failed: true, output: 'no', at }])
  })

  it('names what is no text: an image has megabytes', () => {
    const source = { type: 'base64', data: 'iVBOR'.repeat(1000) }
    const pieces = [
      { type: 'text', text: 'seen' },
      { type: 'image', source },
    ]
    expect(said('user', [{ type: 'tool_result', tool_use_id: 't', content: pieces }])).toMatchObject([
      { type: 'returned', output: 'seen\n[image]', failed: false },
    ])
    expect(said('user', [{ type: 'image', source }])).toMatchObject([{ type: 'said', text: '[image]' }])
    expect(claudeEntries(recorded('claude').find((line) => line.includes('"image"')) ?? '')).toMatchObject([
      { type: 'returned', output: '[image]' },
    ])
  })

  it('reads calls of tools that the model runs by itself', () => {
    const search = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } }
    expect(
      said('assistant', [search, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }]),
    ).toMatchObject([
      { type: 'called', id: 's', name: 'web_search' },
      { type: 'returned', id: 's' },
    ])
  })

  it('shows a command of its own as a person typed it', () => {
    const text = '<command-name>/model</command-name>\n  <command-args>opus</command-args>'
    expect(said('user', text, { rowSource: 'local' })).toMatchObject([{ role: 'user', text: '/model opus' }])
  })

  it.each([
    ['the end of a subagent', { origin: { kind: 'task-notification' } }],
    ['a remark', { isMeta: true }],
    ['a subagent', { isSidechain: true }],
    ['the program itself', { rowSource: 'harness' }],
  ])('leaves out %s', (_, rest) => {
    expect(said('user', 'x', rest)).toEqual([])
  })

  it('leaves out what is said for the model when a cut-off turn is gone on with, and keeps its errors', () => {
    const message = { role: 'assistant', model: '<synthetic>', content: [{ type: 'text', text: 'x' }] }
    expect(read({ type: 'assistant', isApiErrorMessage: false, message })).toEqual([])
    expect(read({ type: 'assistant', isApiErrorMessage: true, message })).toMatchObject([{ text: 'x' }])
  })

  it('leaves out what nobody said', () => {
    expect(read({ type: 'attachment', attachment: { type: 'environment' } })).toEqual([])
    expect(read({ type: 'api-request-blob', message: { role: 'user', content: 'x' } })).toEqual([])
    expect(claudeEntries('')).toEqual([])
  })
})

describe('codexEntries()', () => {
  const read = (payload: object, type = 'response_item'): object[] =>
    codexEntries(JSON.stringify({ timestamp: at, type, payload }))
  const said = (role: string, text: string): object[] =>
    read({ type: 'message', id: 'm', role, content: [{ type: 'input_text', text }] })

  it('reads what was said, thought, called and returned', () => {
    expect(said('user', 'Say hello')).toEqual([
      { type: 'said', kind: 'message', role: 'user', id: 'm', text: 'Say hello', at },
    ])
    expect(read({ type: 'reasoning', id: 'r', summary: [{ type: 'summary_text', text: 'hm' }] })).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
    ])
    const call = { type: 'function_call', name: 'exec_command', arguments: '{"cmd":"ls"}', call_id: 'c' }
    expect(read(call)).toEqual([{ type: 'called', id: 'c', name: 'exec_command', input: { cmd: 'ls' }, at }])
    expect(read({ ...call, arguments: '{' })).toMatchObject([{ input: { arguments: '{' } }])
    const output = { type: 'function_call_output', call_id: 'c' }
    expect(read({ ...output, output: 'Process exited with code 0' })).toMatchObject([
      { type: 'returned', failed: false },
    ])
    expect(read({ ...output, output: 'Process exited with code 2' })).toMatchObject([{ failed: true }])
  })

  it('names what is no text, and does not take the words of a command for its end', () => {
    const output = { type: 'function_call_output', call_id: 'c' }
    const image = [{ type: 'input_image', image_url: 'data:image/png;base64,iVBOR' }]
    expect(read({ ...output, output: image })).toMatchObject([{ output: '[image]', failed: false }])
    const words = 'Process exited with code 0\nOutput:\nProcess exited with code 7'
    expect(read({ ...output, output: words })).toMatchObject([{ failed: false }])
    expect(recorded('codex').flatMap((line) => codexEntries(line))).toContainEqual(
      expect.objectContaining({ type: 'returned', output: '[image]' }),
    )
  })

  it('reads tools that take text, and searches', () => {
    const patch = { type: 'custom_tool_call', call_id: 'p', name: 'apply_patch', input: '*** Begin Patch' }
    expect(read(patch)).toMatchObject([{ type: 'called', id: 'p', input: { input: '*** Begin Patch' } }])
    expect(read({ type: 'custom_tool_call_output', call_id: 'p', output: 'Done' })).toMatchObject([
      { type: 'returned', id: 'p', output: 'Done' },
    ])
    expect(read({ type: 'web_search_call', id: 'w', action: { query: 'x' } })).toMatchObject([
      { type: 'called', id: 'w', input: { query: 'x' } },
      { type: 'returned', id: 'w' },
    ])
  })

  it.each(['<environment_context>\n', '<turn_aborted>\n', '# AGENTS.md instructions for /x'])(
    'leaves out %j, which the program says',
    (text) => {
      expect(said('user', text)).toEqual([])
    },
  )

  it('leaves out what is told twice, and what nobody said', () => {
    expect(said('developer', 'rules')).toEqual([])
    expect(read({ type: 'item_completed', text: '"response_item"' }, 'event_msg')).toEqual([])
  })
})
