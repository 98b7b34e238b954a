import { nearNames, type OrchError } from '@orch/core'
import type { Command } from './define-command.ts'
import { usageError } from './options.ts'
import { oneLine } from './page.ts'
import { optionsOf } from './parse-plain.ts'

/** So much of a text that was taken for an option is repeated. */
const SHOWN = 40

/** The error for the first word that looks like an option and is none; `undefined` when there is no such word. */
export function unknownOption(command: Command, words: readonly string[]): OrchError | undefined {
  const found = optionsOf(command, words).find((option) => !option.isKnown)
  if (found === undefined) return undefined
  const word = words[found.index] ?? ''
  const near = /^--\S+$/.test(word) ? nearNames(found.name, Object.keys(command.options)) : []
  const help = `Run "orch ${command.verb} --help"`
  const guess = near.length === 0 ? help : `Did you mean ${near.map((name) => `"--${name}"`).join(' or ')}?`
  return usageError(
    `Cannot run "orch ${command.verb}": it has no option "${oneLine(word, SHOWN)}"`,
    near.length === 0 && command.takesRest && command.hasFile ? behindDashes(command, word) : guess,
  )
}

/** How an option gets a value that looks like an option; `undefined` where none does. */
export function hintForValue(command: Command, words: readonly string[]): string | undefined {
  const found = optionsOf(command, words).find(({ name, value, isInline }) => {
    const isTaken = value !== undefined && /^-./.test(value) && !isInline
    return isTaken && command.needsValue.includes(name) && optionsOf(command, [value]).every(({ isKnown }) => !isKnown)
  })
  return found && `Write a value that begins with "-" as "--${found.name}=${oneLine(found.value ?? '', SHOWN)}"`
}

/** Where a text goes that would be read as an option. */
function behindDashes(command: Command, word: string): string {
  const before = command.command.split(' ').slice(0, -1)
  const line = before.map((slot) => (slot === command.verb ? slot : slot.slice(1, -1).toUpperCase())).join(' ')
  return `Put a text that begins with "-" behind "--": orch ${line} -- "${oneLine(word, SHOWN)}"`
}
