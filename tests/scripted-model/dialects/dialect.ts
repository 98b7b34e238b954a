import type { ServerResponse } from 'node:http'
import type { CompletionWriter } from '../completion-writer.ts'
import type { ChatRequest } from '../conversation.ts'

/** An API by which agent programs ask their model. What is asked is read as, and answered from, one form. */
export interface Dialect {
  /** Where requests are POSTed. */
  path: string
  /** The request as chat completions would say it. */
  read(body: unknown): ChatRequest
  /** Writes the answer to it. */
  write(response: ServerResponse, request: ChatRequest): CompletionWriter
  /** The body of an answer with this HTTP status. */
  error(status: number, message: string): unknown
}
