import { nearNames, type OrchError } from '@orch/core'
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
  const near = nearNames(verb, known)
  const guess = near.length === 0 ? list : `Did you mean ${near.map((name) => `"orch ${name}"`).join(' or ')}?`
  const meant = Object.hasOwn(MEANT, verb) ? MEANT[verb] : undefined
  return usageError(`Cannot run "orch ${verb}": there is no such command`, meant ?? guess)
}
