import { describe, expect, it } from '@jest/globals'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from './scripted-model.ts'

const scope = perTest()

interface StreamEvent {
  readonly type: string
  readonly delta?: { readonly text?: string; readonly partial_json?: string; readonly stop_reason?: string } | string
  readonly item?: object
  readonly content_block?: object
  readonly usage?: object
  readonly response?: { readonly status: string; readonly usage: object }
}

async function eventsOf(response: Response): Promise<StreamEvent[]> {
  const blocks = (await response.text()).trim().split('\n\n')
  return blocks.map((block) => {
    const [name, data] = block.split('\n') as [string, string]
    const event = JSON.parse(data.replace(/^data: /, '')) as StreamEvent
    expect(name).toBe(`event: ${event.type}`)
    return event
  })
}

const only = (events: readonly StreamEvent[], type: string): StreamEvent[] =>
  events.filter((event) => event.type === type)

const post = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body) })

describe('anthropic messages', () => {
  const tools = [{ name: 'Bash' }, { name: 'Write' }]
  const ask = (origin: string, messages: object[], rest: object = { stream: true }): Promise<Response> =>
    post(`${origin}/v1/messages?beta=true`, { model: 'scripted', system: [], messages, tools, ...rest })

  it('streams blocks, and stops for a tool by the name that was offered', async () => {
    const { origin } = await scope.use(startScriptedModel())
    const prompt = '[[think: hm]] [[answer: one two]] [[write: a.txt | x]] [[answer: later]]'
    const events = await eventsOf(await ask(origin, [{ role: 'user', content: prompt }]))
    expect(events[0]?.type).toBe('message_start')
    expect(only(events, 'content_block_start').map(({ content_block }) => content_block)).toEqual([
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'text', text: '' },
      { type: 'tool_use', id: expect.any(String), name: 'Write', input: {} },
    ])
    expect(only(events, 'content_block_stop')).toHaveLength(3)
    const pieces = only(events, 'content_block_delta').flatMap(({ delta }) => (typeof delta === 'object' ? delta : []))
    expect(pieces.map(({ text = '' }) => text).join('')).toBe('one two')
    expect(JSON.parse(pieces.at(-1)?.partial_json ?? '')).toEqual({ file_path: 'a.txt', content: 'x' })
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } })
    expect(events.at(-1)?.type).toBe('message_stop')
  })

  it('goes on after the result of a tool, and takes no reminder for a message', async () => {
    const { origin, requests } = await scope.use(startScriptedModel())
    const reminder = { type: 'text', text: '<system-reminder>\nNothing\n</system-reminder>' }
    const messages = [
      { role: 'user', content: [reminder, { type: 'text', text: '[[shell: ls]] [[answer: later]]' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Bash', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: 'a.txt' }] }, reminder] },
      { role: 'system', content: 'It is late' },
    ]
    const answer = await (await ask(origin, messages, {})).json()
    expect(answer).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: 'later' }] })
    expect(requests[0]).toMatchObject({ userTexts: ['[[shell: ls]] [[answer: later]]'], toolResults: ['a.txt'] })
  })

  it('bills what came from the cache apart, and refuses in its own words', async () => {
    const { origin } = await scope.use(startScriptedModel())
    const messages = [{ role: 'user', content: '[[usage: 100, 40, 10, 0]] [[answer: x]]' }]
    expect(await (await ask(origin, messages, {})).json()).toMatchObject({
      usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 10 },
    })
    const refused = await ask(origin, [{ role: 'user', content: '[[error: 529]]' }])
    expect(refused.status).toBe(529)
    expect(await refused.json()).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'Scripted error 529' },
    })
  })
})

describe('open-ai responses', () => {
  const ask = (origin: string, input: object[]): Promise<Response> =>
    post(`${origin}/v1/responses`, { model: 'scripted', input, tools: [{ type: 'function', name: 'exec_command' }] })

  it('streams items, and calls a tool by the name that was offered', async () => {
    const { origin } = await scope.use(startScriptedModel())
    const prompt = '[[think: hm]] [[answer: one two]] [[shell: ls]] [[answer: later]]'
    const content = [{ type: 'input_text', text: prompt }]
    const events = await eventsOf(await ask(origin, [{ type: 'message', role: 'user', content }]))
    expect(events[0]?.type).toBe('response.created')
    expect(only(events, 'response.output_item.done').map(({ item }) => item)).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'hm' }] },
      { type: 'message', content: [{ type: 'output_text', text: 'one two' }] },
      { type: 'function_call', name: 'exec_command', arguments: '{"cmd":"ls"}' },
    ])
    expect(only(events, 'response.output_text.delta').map(({ delta }) => delta)).toEqual(['one', ' two'])
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { status: 'completed' } })
  })

  it('goes on after the output of a call, and says when an answer was cut', async () => {
    const { origin, requests } = await scope.use(startScriptedModel())
    const input = [
      { type: 'message', role: 'user', content: '[[shell: ls]] [[answer: later]] [[finish: length]]' },
      { type: 'function_call', name: 'exec_command', arguments: '{}', call_id: 'c' },
      { type: 'function_call_output', call_id: 'c', output: 'a.txt' },
    ]
    const events = await eventsOf(await ask(origin, input))
    expect(only(events, 'response.output_text.delta').map(({ delta }) => delta)).toEqual(['later'])
    expect(events.at(-1)?.type).toBe('response.incomplete')
    expect(requests[0]).toMatchObject({ toolResults: ['a.txt'], tools: ['exec_command'] })
  })
})
