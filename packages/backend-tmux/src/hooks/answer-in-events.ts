import { endsTurn } from './decide-turn.ts'
import type { HookEvent } from './hook-event.ts'

/** A message and all that was told after it, oldest first. */
export interface MessageSince {
  /** What was told of it: at least what names its turn. */
  readonly given: Pick<HookEvent, 'fields'>
  readonly queued: boolean
  readonly after: readonly HookEvent[]
  /** No turn runs now. */
  readonly isOver: boolean
}

/**
 * What was finally said to a message; `null` before the end of its turn, and when that was broken off or failed. Codex names
 * the turn that takes a message, Claude Code at the end of a turn the message that began it, and a program that gives each
 * message a turn of its own the message (`message_id`). Those that came while a turn ran are taken together by the next one, or by
 * the turn itself at its next step: then none follows.
 */
export function answerInEvents({ given, queued, after, isOver }: MessageSince): string | null {
  const own = after.filter(({ subagent }) => subagent === null)
  const ends = own.filter(endsTurn)
  const isNamed = (given.fields.turn_id ?? given.fields.message_id) !== undefined
  const of = queued && !isNamed ? endOfQueued(ends, isOver) : endOfOwn(own, given)
  return of?.name === 'Stop' ? String(of.fields.last_assistant_message ?? '') : null
}

/** A turn that waited for its subagents ends under another name. */
function endOfOwn(own: readonly HookEvent[], { fields }: MessageSince['given']): HookEvent | undefined {
  const first = own.findIndex(({ name, fields: told }) => isEnd(name) && turnOf(told) === turnOf(fields))
  return first < 0 ? undefined : own.slice(first).find(endsTurn)
}

function endOfQueued([before, next]: readonly HookEvent[], isOver: boolean): HookEvent | undefined {
  return next ?? (isOver ? before : undefined)
}

/** Of what was told of a message, what names its turn. */
export function turnNamesIn({ turn_id, message_id, prompt_id }: HookEvent['fields']): HookEvent['fields'] {
  return JSON.parse(JSON.stringify({ turn_id, message_id, prompt_id })) as HookEvent['fields']
}

function turnOf({ turn_id: turn, message_id: message, prompt_id: prompt }: HookEvent['fields']): unknown {
  return turn ?? message ?? prompt
}

function isEnd(name: string): boolean {
  return name === 'Stop' || name === 'StopFailure'
}
