import type { AgentRef, FinalAnswer } from '@orch/core'
import { answerInEvents, type MessageSince } from './hooks/answer-in-events.ts'
import { readEventsBack } from './hooks/event-parts.ts'
import { lookAtHooks, parseEvents } from './hooks/look-at-hooks.ts'
import { type MessageNote, noteOf, TASK } from './hooks/message-notes.ts'
import { eventsFromTask } from './hooks/task-event.ts'
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
  const told = toldOf(handle.events, messageId)
  if (told === null) return null
  const isOver = lookAtHooks(handle, true)?.decision.turn.status !== 'running'
  const text = answerInEvents({ ...told, isOver })
  return text === null ? null : { text, usage: null }
}

type ToldMessage = Omit<MessageSince, 'isOver'>

function toldOf(events: string, messageId: string | null): ToldMessage | null {
  const note = noteOf(events, messageId ?? TASK)
  if (note !== undefined) return sinceNoted(events, note)
  const [given, ...after] = messageId === null ? eventsFromTask(events) : []
  return given === undefined ? null : { given, queued: false, after }
}

/** By what names its turn, when the event is gone: of one without a name it is not known any more which end is its own. */
function sinceNoted(file: string, { event, queued, names = {} }: MessageNote): ToldMessage | null {
  const isThere = (lines: readonly string[]): boolean => lines.some((line) => line.startsWith(`${event} `))
  const lines = readEventsBack(file, (some, isAll) => (isAll || isThere(some) ? some : null)) ?? []
  const events = parseEvents(lines)
  const at = events.findIndex(({ id }) => id === event)
  const given = events[at]
  if (given !== undefined) return { given, queued, after: events.slice(at + 1) }
  const isNamed = Object.keys(names).some((name) => !queued || name !== 'prompt_id')
  return isNamed ? { given: { fields: names }, queued, after: events } : null
}
