import type { AgentRef, FinalAnswer } from '@orch/core'
import { answerInEvents, type MessageSince } from './hooks/answer-in-events.ts'
import { readEventsBack } from './hooks/event-parts.ts'
import { type HookEvent, isMessage } from './hooks/hook-event.ts'
import { readTask } from './hooks/hooked-launch.ts'
import { lookAtHooks, parseEvents } from './hooks/look-at-hooks.ts'
import { noteOf } from './hooks/message-notes.ts'
import { holdsWords } from './hooks/same-text.ts'
import { parseHandle } from './parse.ts'

/** `Backend.finalAnswer`, from what the program told: it does not tell what the turn used. */
export async function finalAnswer(
  agent: AgentRef,
  messageId: string | null,
  signal: AbortSignal,
): Promise<FinalAnswer | null> {
  signal.throwIfAborted()
  const handle = parseHandle(agent.handle)
  if (handle?.events === undefined) return null
  const told = messageId === null ? taskIn(handle.events) : messageIn(handle.events, messageId)
  if (told === null) return null
  const isOver = lookAtHooks(handle, true)?.decision.turn.status !== 'running'
  const text = answerInEvents({ ...told, isOver })
  return text === null ? null : { text, usage: null }
}

type ToldMessage = Omit<MessageSince, 'isOver'>

/** A message whose event was noted when it was delivered. */
function messageIn(file: string, messageId: string): ToldMessage | null {
  const note = noteOf(file, messageId)
  if (note === undefined) return null
  const isThere = (lines: readonly string[]): boolean => lines.some((line) => line.startsWith(`${note.event} `))
  const events = parseEvents(readEventsBack(file, (some) => (isThere(some) ? some : null)) ?? [])
  return since(events, ({ id }) => id === note.event, note.queued)
}

/** The task: nobody was there to note its event. A run that goes on with a conversation has none. */
function taskIn(file: string): ToldMessage | null {
  const task = readTask(file)
  if (task === null) return null
  const events = parseEvents(readEventsBack(file, (lines, isAll) => (isAll ? lines : null)) ?? [])
  return since(events, (event) => isMessage(event) && holdsWords(event.fields.prompt, task), false)
}

function since(events: HookEvent[], isGiven: (event: HookEvent) => boolean, queued: boolean): ToldMessage | null {
  const at = events.findIndex(isGiven)
  const given = events[at]
  return given === undefined ? null : { given, queued, after: events.slice(at + 1) }
}
