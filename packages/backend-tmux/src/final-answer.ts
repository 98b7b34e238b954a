import type { AgentRef, FinalAnswer } from '@orch/core'
import { answerInEvents } from './hooks/answer-in-events.ts'
import { readEventsBack } from './hooks/event-parts.ts'
import { lookAtHooks, parseEvents } from './hooks/look-at-hooks.ts'
import { noteOf } from './hooks/message-notes.ts'
import { parseHandle } from './parse.ts'

/** `Backend.finalAnswer`, from what the program told: it does not tell what the turn used. */
export async function finalAnswer(
  agent: AgentRef,
  messageId: string,
  signal: AbortSignal,
): Promise<FinalAnswer | null> {
  signal.throwIfAborted()
  const handle = parseHandle(agent.handle)
  const note = handle?.events === undefined ? undefined : noteOf(handle.events, messageId)
  if (handle?.events === undefined || note === undefined) return null
  const isThere = (lines: readonly string[]): boolean => lines.some((line) => line.startsWith(`${note.event} `))
  const lines = readEventsBack(handle.events, (some) => (isThere(some) ? some : null))
  const events = parseEvents(lines ?? [])
  const at = events.findIndex(({ id }) => id === note.event)
  const given = events[at]
  if (given === undefined) return null
  const isOver = lookAtHooks(handle, true)?.decision.turn.status !== 'running'
  const text = answerInEvents({ given, queued: note.queued, after: events.slice(at + 1), isOver })
  return text === null ? null : { text, usage: null }
}
