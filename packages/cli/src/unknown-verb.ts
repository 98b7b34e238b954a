import type { OrchError } from '@orch/core'
import { usageError } from './options.ts'

/** Verbs of other tools, and what does that here. */
const MEANT: Readonly<Record<string, string>> = {
  stop: 'Run "orch complete AGENT" to verify the work first, or "orch abandon AGENT" to end it as it is',
  kill: 'Run "orch abandon AGENT" to end it as it is, or "orch complete AGENT" to verify the work first',
  ls: 'Run "orch status"',
  logs: 'Run "orch tail AGENT"',
}

/** The error for a verb that does not exist; its hint is the verb that was probably meant. */
export function unknownVerb(verb: string, known: readonly string[]): OrchError {
  const list = 'Run "orch help" for the list of commands'
  if (verb === '') return usageError('Cannot run "orch": "" is no command', list)
  const near = known.filter((name) => name.startsWith(verb) || distance(name, verb) <= 2)
  const guess = near.length === 0 ? list : `Did you mean ${near.map((name) => `"orch ${name}"`).join(' or ')}?`
  const meant = Object.hasOwn(MEANT, verb) ? MEANT[verb] : undefined
  return usageError(`Cannot run "orch ${verb}": there is no such command`, meant ?? guess)
}

/** How many characters must be put in, taken out or replaced to get from `a` to `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (b[j] === letter ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
