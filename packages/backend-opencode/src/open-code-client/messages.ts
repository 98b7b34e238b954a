import { type CallOptions, checkId, checkWholeNumber } from './call-options.ts'
import type { Caller } from './caller.ts'
import type { Message, Part, ToolPart } from './types.generated.ts'

/** A message with everything in it. */
export interface MessageWithParts {
  readonly info: Message
  readonly parts: readonly Part[]
}

/** Messages, oldest first. */
export interface MessagePage {
  readonly messages: readonly MessageWithParts[]
  /** Gives the page before this one; `null` when nothing lies before it. */
  readonly before: string | null
}

/** Which messages to read. */
export interface MessageQuery {
  readonly sessionId: string
  /** At most so many, the newest. @default 100 */
  readonly limit?: number | undefined
  /** `before` of a later page. */
  readonly before?: string | undefined
}

/** The messages of any session. */
export interface Messages {
  /** A page of messages; `null`: the server does not know the session. */
  list(query: MessageQuery, options?: CallOptions): Promise<MessagePage | null>
  /** `null`: the server does not know the session, or the message. */
  get(
    at: { readonly sessionId: string; readonly messageId: string },
    options?: CallOptions,
  ): Promise<MessageWithParts | null>
}

const PAGE_SIZE = 100

/** The messages in the server behind a caller. */
export function createMessages(caller: Caller): Messages {
  return {
    async list({ sessionId, limit = PAGE_SIZE, before }, options) {
      const path = { sessionID: checkId('session', sessionId) }
      const query = { limit: checkWholeNumber('limit', limit), ...(before !== undefined && { before }) }
      const page = await caller.page('session.messages', { path, query }, options)
      return page === null ? null : { messages: page.value, before: page.next }
    },
    async get({ sessionId, messageId }, options) {
      const path = { sessionID: checkId('session', sessionId), messageID: checkId('message', messageId) }
      return caller.find('session.message', { path }, options)
    },
  }
}

/** Every tool call of a session, oldest first; `null`: the server does not know it. */
export async function toolCallsOf(
  { list }: Messages,
  sessionId: string,
  options: CallOptions | undefined,
): Promise<ToolPart[] | null> {
  const found = new Map<string, MessageWithParts>()
  for (let before: string | undefined; ; ) {
    const page: MessagePage | null = await list({ sessionId, before }, options)
    if (page === null) return null
    const earlier = page.messages.filter(({ info }) => !found.has(info.id))
    for (const message of earlier.reverse()) found.set(message.info.id, message)
    if (page.before === null || earlier.length === 0) break
    before = page.before
  }
  return [...found.values()].reverse().flatMap(({ parts }) => parts.filter((part) => part.type === 'tool'))
}
