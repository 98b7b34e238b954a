import { parseArgs } from 'node:util'
import type { Options } from 'yargs'
import type { Arguments, Command } from './define-command.ts'

/** One value of an option, or that it stands there. */
type Value = string | number | boolean

/**
 * The arguments of a plain command line, exactly as yargs gives them, in a fifth of the time that loading yargs takes.
 * Plain is what can be read in one way only: options by their full name or their letter, each at most once unless it is a list, with a
 * value that is none of an option's, and as many positionals as the command takes. `undefined` for every other line: yargs alone
 * knows what it means, or what is wrong with it.
 */
export function parsePlain(command: Command, words: readonly string[]): Arguments | undefined {
  const { tokens } = parsed(command, words)
  const args: Arguments & Record<string, unknown> = { _: [], rest: [] }
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    else if (token.kind !== 'option' || !takeOption(args, command, token)) return undefined
  }
  return takePositionals(args, command, positionals) ? args : undefined
}

/** The words that are neither options nor values of them. */
export function positionalsOf(command: Command, words: readonly string[]): readonly string[] {
  return parsed(command, words).positionals
}

/** An option as it stands on the command line. */
interface Typed {
  /** Its full name, or its letter if that is none of an option. */
  readonly name: string
  readonly isKnown: boolean
  /** Which word it stands in. */
  readonly index: number
  /** As it was typed, without a value: `--lines`, `-n`. */
  readonly typed: string
  readonly value: string | undefined
  /** The value stands in the same word. */
  readonly isInline: boolean
}

/** What looks like an option among the words, in their order. */
export function optionsOf(command: Command, words: readonly string[]): readonly Typed[] {
  return parsed(command, words)
    .tokens.filter((token) => token.kind === 'option')
    .map(({ name, rawName, index, value, inlineValue }) => {
      const isKnown = Object.hasOwn(command.options, name)
      return { name, isKnown, index, typed: rawName, value, isInline: inlineValue === true }
    })
}

function parsed(command: Command, words: readonly string[]) {
  return parseArgs({
    args: [...words],
    options: Object.fromEntries(Object.entries(command.options).map(declared)),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
}

function declared([name, option]: [string, Options]): [
  string,
  { readonly type: 'boolean' | 'string'; readonly short?: string },
] {
  const type = option.type === 'boolean' ? 'boolean' : 'string'
  return [name, typeof option.alias === 'string' ? { type, short: option.alias } : { type }]
}

/** Sets the option under each of its names; `false` when it is not plain. */
function takeOption(
  args: Record<string, unknown>,
  command: Command,
  token: {
    readonly name: string
    readonly rawName: string
    readonly value?: string | undefined
    readonly inlineValue?: boolean | undefined
  },
): boolean {
  const { name, rawName } = token
  if (token.inlineValue === true && !rawName.startsWith('--')) return false
  const option = Object.hasOwn(command.options, name) ? command.options[name] : undefined
  if (option === undefined || (rawName !== `--${name}` && rawName !== `-${option.alias}`)) return false
  const value = readValue(option, token.value)
  if (value === undefined || (name in args && option.array !== true)) return false
  const all = option.array === true ? [...((args[name] as Value[] | undefined) ?? []), value] : value
  const camelCase = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  for (const key of [name, camelCase, ...[option.alias ?? []].flat()]) args[key] = all
  return true
}

function readValue(option: Options, given: string | undefined): Value | undefined {
  if (option.type === 'boolean') return given === undefined ? true : undefined
  if (given === undefined || given === '' || given.startsWith('-')) return undefined
  if (option.choices !== undefined && !option.choices.includes(given)) return undefined
  if (option.type !== 'number') return given
  return /^(0|[1-9]\d{0,14})$/.test(given) ? Number(given) : undefined
}

/** Sets the positionals as `send <agent> [text]` names them; `false` when they are not plain, too few or too many. */
function takePositionals(args: Record<string, unknown>, command: Command, given: readonly string[]): boolean {
  const left = [...given]
  if (left.some((word) => word === '' || word === 'true' || word === 'false')) return false
  for (const slot of command.command.split(' ').slice(1)) {
    const name = slot.slice(1, -1).replace('..', '')
    const [first] = left
    if (first === undefined && slot.startsWith('<')) return false
    const choices = command.positionals[name]?.choices
    if (first !== undefined && choices?.includes(first) === false) return false
    // yargs has an empty list for the rest of a line that has other words, and nothing for that of an empty one.
    if (slot.includes('..') && given.length > 0) args[name] = left.splice(0)
    else if (first !== undefined) args[name] = left.shift()
  }
  return left.length === 0
}
