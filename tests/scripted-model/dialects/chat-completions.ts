import { documentWriter, streamWriter } from '../completion-writer.ts'
import type { ChatRequest } from '../conversation.ts'
import type { Dialect } from './dialect.ts'

/** OpenAI's chat completions, which OpenCode speaks with a provider of its configuration. */
export const chatCompletions: Dialect = {
  path: '/v1/chat/completions',
  read: (body) => body as ChatRequest,
  write: (response, { model, stream }) => (stream ? streamWriter(response, model) : documentWriter(response, model)),
  error: (_, message) => ({ error: { message } }),
}
