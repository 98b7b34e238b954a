import type { ServerResponse } from 'node:http'
import type { TokenUsage } from './script.ts'

/** Writes one model response in the form the client asked for: an SSE stream of chunks, or one JSON document. */
export interface CompletionWriter {
  text(text: string): void
  reasoning(text: string): void
  toolCall(name: string, input: unknown): void
  /** Says why the model stops, instead of `stop` or `tool_calls`. */
  finishReason(reason: string): void
  /** Says what the response is billed, instead of a quarter of its characters. */
  usage(usage: TokenUsage): void
  /** Ends the response. @returns what it is billed. */
  finish(promptCharacters: number): TokenUsage
}

interface ToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
}

let callCount = 0

function toolCallOf(name: string, input: unknown): ToolCall {
  callCount += 1
  return {
    id: `call_${callCount}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }
}

/** A quarter of the characters. */
export function usageOf(promptCharacters: number, completionCharacters: number): TokenUsage {
  const promptTokens = Math.ceil(promptCharacters / 4)
  const completionTokens = Math.ceil(completionCharacters / 4)
  return { promptTokens, cachedTokens: 0, completionTokens, reasoningTokens: 0 }
}

function usageDocument({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: TokenUsage): object {
  return {
    prompt_tokens: promptTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens: completionTokens,
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  }
}

/** Streams `chat.completion.chunk` documents; the headers go out with the first of them. */
export function streamWriter(response: ServerResponse, model: string): CompletionWriter {
  let characters = 0
  let finishReason = 'stop'
  let scripted: TokenUsage | undefined
  const chunk = (delta: object, rest: object = {}, finish_reason: string | null = null): void => {
    if (!response.headersSent)
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const choices = [{ index: 0, delta, finish_reason }]
    const document = {
      id: 'scripted',
      object: 'chat.completion.chunk',
      created: 0,
      model,
      choices,
      ...rest,
    }
    response.write(`data: ${JSON.stringify(document)}\n\n`)
  }
  return {
    text(content) {
      characters += content.length
      chunk({ role: 'assistant', content })
    },
    reasoning(reasoning_content) {
      characters += reasoning_content.length
      chunk({ role: 'assistant', reasoning_content })
    },
    toolCall(name, input) {
      const call = toolCallOf(name, input)
      finishReason = 'tool_calls'
      characters += call.function.arguments.length
      chunk({ role: 'assistant', tool_calls: [{ index: 0, ...call }] })
    },
    finishReason(reason) {
      finishReason = reason
    },
    usage(usage) {
      scripted = usage
    },
    finish(promptCharacters) {
      const usage = scripted ?? usageOf(promptCharacters, characters)
      chunk({}, { usage: usageDocument(usage) }, finishReason)
      response.end('data: [DONE]\n\n')
      return usage
    },
  }
}

/** Collects the response and writes one `chat.completion` document at its end. */
export function documentWriter(response: ServerResponse, model: string): CompletionWriter {
  let content = ''
  let reasoning_content = ''
  const tool_calls: ToolCall[] = []
  let finishReason: string | undefined
  let scripted: TokenUsage | undefined
  return {
    text(text) {
      content += text
    },
    reasoning(text) {
      reasoning_content += text
    },
    toolCall(name, input) {
      tool_calls.push(toolCallOf(name, input))
    },
    finishReason(reason) {
      finishReason = reason
    },
    usage(usage) {
      scripted = usage
    },
    finish(promptCharacters) {
      const message = {
        role: 'assistant',
        content,
        ...(reasoning_content && { reasoning_content }),
        ...(tool_calls.length > 0 && { tool_calls }),
      }
      const finish_reason = finishReason ?? (tool_calls.length > 0 ? 'tool_calls' : 'stop')
      const choices = [{ index: 0, message, finish_reason }]
      const usage = scripted ?? usageOf(promptCharacters, content.length)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({
          id: 'scripted',
          object: 'chat.completion',
          created: 0,
          model,
          choices,
          usage: usageDocument(usage),
        }),
      )
      return usage
    },
  }
}
