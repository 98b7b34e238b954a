import { type AgentRef, type FinalAnswer, sumUsage } from '@orch/core'
import type { Api, SessionAddress } from './client/api.ts'
import { type Context, reach } from './context.ts'
import { parseHandle } from './handle.ts'
import type { StoredMessage } from './parse-message.ts'
import { isFinalAnswer } from './turn-rules.ts'

/** How many messages one request asks for; the message is nearly always among the newest. */
const PAGE = 50

/** What the session finally said to the message that carries this id, or with `null` to its task. @throws OrchError when no server answers. */
export async function finalAnswer(
  context: Context,
  agent: AgentRef,
  messageId: string | null,
  signal: AbortSignal,
): Promise<FinalAnswer | null> {
  const handle = parseHandle(agent.handle)
  if (handle === null) return null
  return answerIn(await messagesFrom(await reach(context, agent.target, signal), handle, messageId))
}

/**
 * The message, or with `null` the task, and all that came after it, oldest first; `[]` when the session does not hold it.
 */
async function messagesFrom(api: Api, address: SessionAddress, tag: string | null): Promise<readonly StoredMessage[]> {
  let later: readonly StoredMessage[] = []
  let before: string | null | undefined
  while (before !== null) {
    const page = await api.messages(address, PAGE, before)
    if (page === null) return []
    const at = page.messages.findIndex(({ parts }) => tag !== null && parts.some((part) => part.tag === tag))
    if (at !== -1) return [...page.messages.slice(at), ...later]
    later = [...page.messages, ...later]
    before = page.before
  }
  return tag === null ? fromTask(later) : []
}

/** From the task on, in a whole conversation: it is what was said first, and orch said it. */
export function fromTask(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  const at = messages.findIndex(({ role }) => role === 'user')
  return messages[at]?.parts.some((part) => part.tag !== null) ? messages.slice(at) : []
}

/**
 * The final answer to the first of these messages; `null` while there is none, and when its turn broke off. One that
 * came while the turn ran belongs to it: the server answers both at once, and names the last of them as the one answered.
 */
export function answerIn(messages: readonly StoredMessage[]): FinalAnswer | null {
  const steps: StoredMessage[] = []
  for (const asked of messages.filter(({ role }) => role === 'user')) {
    if (!isSpoken(asked) || isAfter(asked, steps)) return null
    const own = messages.filter(({ parentId }) => parentId === asked.id)
    steps.push(...own)
    const last = own.at(-1)
    if (last !== undefined && isFinalAnswer(last)) return last.error === null ? answerOf(steps) : null
    if (own.some(({ error, completedAt }) => error !== null || completedAt === null)) return null
  }
  return null
}

/** Whether somebody said it. What the server puts there itself, to shorten a conversation, is no part of a turn. */
function isSpoken({ parts }: StoredMessage): boolean {
  return parts.some(({ type, isSynthetic }) => type === 'text' && !isSynthetic)
}

/** Whether a message came when these steps of a turn were over. */
function isAfter({ createdAt }: StoredMessage, steps: readonly StoredMessage[]): boolean {
  return steps.length > 0 && steps.every(({ completedAt }) => completedAt !== null && completedAt < createdAt)
}

/** A model may say its last word before its last tool call. */
function answerOf(steps: readonly StoredMessage[]): FinalAnswer {
  const text = steps.map(textOf).findLast((said) => said.trim() !== '') ?? ''
  return { text, usage: sumUsage(steps.map(({ usage }) => usage)) }
}

/** A part without an end was cut off, and said again in another one. */
function textOf({ parts }: StoredMessage): string {
  const said = parts.filter(({ type, isSynthetic, endedAt }) => type === 'text' && !isSynthetic && endedAt !== null)
  return said.map(({ text }) => text).join('\n')
}
