import type { Reason } from '@orch/core'
import { hooksOf } from './known.ts'

const NO_INPUT: Reason = {
  code: 'NO_INPUT',
  text: 'Its program works on the task that it was given, reads nothing more, and ends with that',
}
const COMMAND_TEXT = 'The program would take this text for a command of its own: begin and end it with a plain word'

/** Why the program of this name would not take a text for a message that says just this; `null`: it would. */
export function misreadText(program: string, text: string): Reason | null {
  const hooks = hooksOf(program)
  if (hooks?.endsWithTurn) return NO_INPUT
  if (hooks?.takesForCommand.test(text)) return { code: 'COMMAND_TEXT', text: COMMAND_TEXT }
  const how = hooks?.alters?.(text) ?? null
  if (how === null) return null
  return {
    code: 'ALTERED_TEXT',
    text: `The program would not take this text as it is, it ${how}: put it into a file and name that`,
  }
}

/** What the program takes off the ends of a text, and what is left; `null` when that is all of it. */
export function takenOff(program: string, text: string): { readonly rest: string; readonly reason: Reason } | null {
  const trims = hooksOf(program)?.trims
  if (trims === undefined) return null
  const rest = trims === 'end' ? text.trimEnd() : text.trim()
  if (rest === text) return null
  const which = trims === 'end' ? 'the end' : 'both ends'
  return { rest, reason: { code: 'TRIMMED', text: `The program takes white space off ${which} of a text` } }
}
