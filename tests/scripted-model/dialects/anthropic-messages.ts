import type { ServerResponse } from 'node:http'
import { type CompletionWriter, usageOf } from '../completion-writer.ts'
import type { ChatMessage, ChatRequest } from '../conversation.ts'
import type { TokenUsage } from '../script.ts'
import type { Dialect } from './dialect.ts'
import { type EventWriter, eventWriter } from './event-writer.ts'

/** A message as Claude Code sends it: results of tools stand in the messages of the user, its own remarks in those of the system. */
interface Message {
  role: 'user' | 'assistant' | 'system'
  content: string | Block[]
}

interface Block {
  type: string
  text?: string
  content?: string | { text?: string }[]
}

interface MessagesRequest {
  model: string
  system?: string | Block[]
  messages: Message[]
  stream?: boolean
  tools?: { name: string }[]
}

/** Anthropic's messages, which Claude Code speaks. It always asks for a stream when a turn is at stake. */
export const anthropicMessages: Dialect = {
  path: '/v1/messages',
  read(body) {
    const { model, system = [], messages, stream = false, tools = [] } = body as MessagesRequest
    const request: ChatRequest = {
      model,
      messages: [{ role: 'system', content: textOf(system) }, ...messages.flatMap(chatMessages)],
      stream,
      tools: tools.map(({ name }) => ({ function: { name } })),
    }
    return request
  },
  write: (response, { model, stream }) =>
    stream ? streamWriter(eventWriter(response), model) : documentWriter(response, model),
  error: (_, message) => ({ type: 'error', error: { type: 'api_error', message } }),
}

/** What Claude Code adds to what a person said. */
const REMINDER = /^\s*<system-reminder>/

function chatMessages({ role, content }: Message): ChatMessage[] {
  const blocks: Block[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  if (role === 'system') return [{ role, content: textOf(blocks) }]
  if (role === 'assistant') {
    const tool_calls = blocks.filter(({ type }) => type === 'tool_use')
    return [{ role, content: textOf(blocks), ...(tool_calls.length > 0 && { tool_calls }) }]
  }
  const results = blocks.filter(({ type }) => type === 'tool_result')
  const said = blocks.filter(({ type, text }) => type === 'text' && !REMINDER.test(text ?? ''))
  return [
    ...results.map((block): ChatMessage => ({ role: 'tool', content: textOf(block.content ?? '') })),
    ...said.map(({ text = '' }): ChatMessage => ({ role: 'user', content: text })),
  ]
}

function textOf(content: string | { text?: string }[]): string {
  if (typeof content === 'string') return content
  return content.flatMap(({ text }) => text ?? []).join('\n')
}

type BlockKind = 'text' | 'thinking'

function streamWriter(events: EventWriter, model: string): CompletionWriter {
  let characters = 0
  let index = -1
  let open: BlockKind | null = null
  let stopReason = 'end_turn'
  let scripted: TokenUsage | undefined
  const event = (type: string, rest: object): void => {
    if (!events.isBegun)
      events.write('message_start', { message: { ...head(model), content: [], usage: usageDocument(NOTHING) } })
    events.write(type, rest)
  }
  const close = (): void => {
    if (open === null) return
    if (open === 'thinking')
      event('content_block_delta', { index, delta: { type: 'signature_delta', signature: 'scripted' } })
    event('content_block_stop', { index })
    open = null
  }
  const begin = (content_block: object): void => {
    close()
    index += 1
    event('content_block_start', { index, content_block })
  }
  const say = (kind: BlockKind, text: string): void => {
    if (open !== kind)
      begin(kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' })
    open = kind
    characters += text.length
    event('content_block_delta', { index, delta: { type: `${kind}_delta`, [kind]: text } })
  }
  return {
    text: (text) => say('text', text),
    reasoning: (text) => say('thinking', text),
    toolCall(name, input) {
      const json = JSON.stringify(input)
      begin({ type: 'tool_use', id: nextCallId(), name, input: {} })
      event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: json } })
      event('content_block_stop', { index })
      characters += json.length
      stopReason = 'tool_use'
    },
    finishReason(reason) {
      stopReason = stopReasonOf(reason)
    },
    usage(usage) {
      scripted = usage
    },
    finish(promptCharacters) {
      const usage = scripted ?? usageOf(promptCharacters, characters)
      close()
      const delta = { stop_reason: stopReason, stop_sequence: null }
      event('message_delta', { delta, usage: usageDocument(usage) })
      event('message_stop', {})
      events.end()
      return usage
    },
  }
}

/** Collects the response and writes one document at its end. */
function documentWriter(response: ServerResponse, model: string): CompletionWriter {
  const content: object[] = []
  let characters = 0
  let stop_reason = 'end_turn'
  let scripted: TokenUsage | undefined
  let text = ''
  const flush = (): void => {
    if (text !== '') content.push({ type: 'text', text })
    text = ''
  }
  return {
    text(piece) {
      text += piece
      characters += piece.length
    },
    reasoning() {},
    toolCall(name, input) {
      flush()
      content.push({ type: 'tool_use', id: nextCallId(), name, input })
      stop_reason = 'tool_use'
    },
    finishReason(reason) {
      stop_reason = stopReasonOf(reason)
    },
    usage(usage) {
      scripted = usage
    },
    finish(promptCharacters) {
      flush()
      const usage = scripted ?? usageOf(promptCharacters, characters)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ...head(model), content, stop_reason, usage: usageDocument(usage) }))
      return usage
    },
  }
}

const NOTHING: TokenUsage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 }

let callCount = 0

function nextCallId(): string {
  callCount += 1
  return `toolu_${callCount}`
}

let messageCount = 0

/** Claude Code tells messages apart by their id. */
function head(model: string): object {
  messageCount += 1
  const id = `msg_scripted_${process.pid}_${messageCount}`
  return { id, type: 'message', role: 'assistant', model, stop_reason: null, stop_sequence: null }
}

function stopReasonOf(reason: string): string {
  if (reason === 'length') return 'max_tokens'
  return reason === 'stop' ? 'end_turn' : reason
}

/** Here what comes from the cache is no part of the input. */
function usageDocument({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: TokenUsage): object {
  return {
    input_tokens: promptTokens - cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
    output_tokens_details: { thinking_tokens: reasoningTokens },
  }
}
