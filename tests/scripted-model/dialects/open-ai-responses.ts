import { type CompletionWriter, usageOf } from '../completion-writer.ts'
import type { ChatMessage } from '../conversation.ts'
import type { TokenUsage } from '../script.ts'
import type { Dialect } from './dialect.ts'
import { type EventWriter, eventWriter } from './event-writer.ts'

/** An item of a conversation as Codex sends it. */
interface InputItem {
  type?: string
  role?: 'user' | 'assistant' | 'developer' | 'system'
  content?: string | { text?: string }[]
  output?: unknown
}

interface ResponsesRequest {
  model: string
  instructions?: string
  input: InputItem[]
  tools?: { type: string; name?: string }[]
}

/** OpenAI's responses, which Codex speaks, always as a stream. */
export const openAiResponses: Dialect = {
  path: '/v1/responses',
  read(body) {
    const { model, instructions = '', input, tools = [] } = body as ResponsesRequest
    return {
      model,
      messages: [{ role: 'system', content: instructions }, ...input.flatMap(chatMessages)],
      stream: true,
      tools: tools.map(({ type, name = type }) => ({ function: { name } })),
    }
  },
  write: (response) => streamWriter(eventWriter(response)),
  error: (status, message) => ({ error: { message, type: 'server_error', code: String(status) } }),
}

function chatMessages({ type = 'message', role = 'user', content = '', output }: InputItem): ChatMessage[] {
  if (type === 'message') {
    const text = typeof content === 'string' ? content : content.flatMap(({ text }) => text ?? []).join('\n')
    return [{ role, content: text }]
  }
  if (type.endsWith('_call')) return [{ role: 'assistant', content: '', tool_calls: [{}] }]
  if (type.endsWith('_call_output'))
    return [{ role: 'tool', content: typeof output === 'string' ? output : JSON.stringify(output) }]
  return []
}

function streamWriter(events: EventWriter): CompletionWriter {
  const id = nextId('resp')
  let characters = 0
  let said: { id: string; kind: 'message' | 'reasoning'; text: string } | null = null
  let status: 'completed' | 'incomplete' = 'completed'
  let scripted: TokenUsage | undefined
  const event = (type: string, rest: object): void => {
    if (!events.isBegun) events.write('response.created', { response: { id, status: 'in_progress' } })
    events.write(type, rest)
  }
  const close = (): void => {
    if (said === null) return
    event('response.output_item.done', { output_index: 0, item: itemOf(said) })
    said = null
  }
  const say = (kind: 'message' | 'reasoning', text: string): void => {
    if (said?.kind !== kind) {
      close()
      said = { id: nextId(kind === 'message' ? 'msg' : 'rs'), kind, text: '' }
      event('response.output_item.added', { output_index: 0, item: itemOf(said) })
    }
    said.text += text
    characters += text.length
    const place = { item_id: said.id, output_index: 0, delta: text }
    if (kind === 'message') event('response.output_text.delta', { ...place, content_index: 0 })
    else event('response.reasoning_summary_text.delta', { ...place, summary_index: 0 })
  }
  return {
    text: (text) => say('message', text),
    reasoning: (text) => say('reasoning', text),
    toolCall(name, input) {
      close()
      const call = nextId('call')
      const json = JSON.stringify(input)
      characters += json.length
      const item = { id: nextId('fc'), type: 'function_call', name, arguments: json, call_id: call }
      event('response.output_item.done', { output_index: 0, item })
    },
    finishReason(reason) {
      if (reason === 'length') status = 'incomplete'
    },
    usage(usage) {
      scripted = usage
    },
    finish(promptCharacters) {
      const usage = scripted ?? usageOf(promptCharacters, characters)
      close()
      const reason = status === 'incomplete' ? { incomplete_details: { reason: 'max_output_tokens' } } : {}
      event(`response.${status}`, { response: { id, status, usage: usageDocument(usage), ...reason } })
      events.end()
      return usage
    },
  }
}

function itemOf({ id, kind, text }: { id: string; kind: 'message' | 'reasoning'; text: string }): object {
  if (kind === 'reasoning') return { id, type: kind, summary: text === '' ? [] : [{ type: 'summary_text', text }] }
  const content = text === '' ? [] : [{ type: 'output_text', text, annotations: [] }]
  return { id, type: kind, role: 'assistant', content }
}

let count = 0

function nextId(prefix: string): string {
  count += 1
  return `${prefix}_${count}`
}

function usageDocument({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: TokenUsage): object {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  }
}
