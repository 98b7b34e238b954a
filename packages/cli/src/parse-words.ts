import yargs, { type Argv } from 'yargs'
import type { Arguments, Command } from './define-command.ts'
import { usageError } from './options.ts'
import { optionsOf, positionalsOf } from './parse-plain.ts'
import { hintForValue, unknownOption } from './unknown-option.ts'

/**
 * Parses the words after the verb with yargs.
 * @throws OrchError `USAGE` saying what is wrong with them.
 */
export async function parseWords(command: Command, words: readonly string[]): Promise<Arguments> {
  let args: Arguments | undefined
  const parser = parserOf(command, words, (parsed) => {
    args = parsed
  })
  await parser.parseAsync(words)
  if (args === undefined) throw new Error('The command line was parsed without a result')
  refuseRepeated(command, args, words)
  refuseEmpty(command, args, words)
  refuseNoNumber(command, args, words)
  return args
}

/** The whole help text of one command. */
export async function helpText(command: Command): Promise<string> {
  return `${await parserOf(command, [], () => {}).getHelp()}\n`
}

/**
 * yargs with the one command as its default: a named command would make it lay out the whole help every time. It reads no files, so
 * it needs no directory, and the one of this process may be gone.
 */
function parserOf(command: Command, words: readonly string[], onParsed: (args: Arguments) => void): Argv {
  const verb = command.verb
  return yargs([], '/')
    .scriptName(`orch ${verb}`)
    .parserConfiguration({ 'boolean-negation': false, 'dot-notation': false })
    .locale('en')
    .version(false)
    .help(false)
    .strict()
    .exitProcess(false)
    .wrap(100)
    .fail((message, error) => {
      if (error !== undefined && error.name !== 'YError') throw error
      const isUnknown = message.startsWith('Unknown argument')
      throw (
        (isUnknown ? unknownOption(command, words) : undefined) ??
        usageError(
          problem(command, message),
          isUnknown
            ? command.hintForUnknown(positionalsOf(command, words))
            : (hintForValue(command, words) ?? `Run "orch ${verb} --help"`),
        )
      )
    })
    .command({
      command: `$0${command.command.slice(verb.length)}`,
      describe: command.describe,
      builder: command.builder,
      handler: (args) => onParsed(args as unknown as Arguments),
    })
}

function problem(command: Command, message: string): string {
  const verb = command.verb
  if (message.startsWith('Not enough non-option'))
    return `Cannot run "orch ${verb}": it needs "orch ${command.command}"`
  const flat = message
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/(?<=^Not enough arguments following: )\S+$/, dashed)
  return `Cannot run "orch ${verb}": ${flat.charAt(0).toLowerCase()}${flat.slice(1)}`
}

function refuseRepeated(command: Command, args: Arguments, flags: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    if (!Array.isArray(value) || name === '_' || name === 'rest') continue
    if (command.repeatable.includes(name) || !isTyped(name, flags)) continue
    const option = dashed(name)
    throw usageError(
      `Cannot run "orch ${command.verb}": "${option}" is given ${value.length} times`,
      `Give "${option}" once`,
    )
  }
}

function refuseEmpty(command: Command, args: Arguments, flags: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    if (!command.needsValue.includes(name) || !isTyped(name, flags)) continue
    if (value !== '' && !(Array.isArray(value) && value.includes(''))) continue
    const option = dashed(name)
    throw usageError(
      `Cannot run "orch ${command.verb}": "${option}" is empty`,
      `Give "${option}" a value, or leave it out`,
    )
  }
}

function refuseNoNumber(command: Command, args: Arguments, words: readonly string[]): void {
  const wrong = Object.entries(args).flatMap(([name, value]) => (Number.isNaN(value) ? [name] : []))
  const option = optionsOf(command, words).find(({ name }) => wrong.includes(name))
  if (option === undefined) return
  const { typed, value } = option
  throw usageError(`Cannot use "${typed}": "${value}" is not a whole number`, `Use for example "${typed} 20"`)
}

/** Whether an option stands on the command line by this name: yargs gives every value under all its names. */
function isTyped(name: string, flags: readonly string[]): boolean {
  if (name.length === 1) return flags.some((word) => /^-[^-]/.test(word) && word.includes(name))
  return flags.some((word) => word === dashed(name) || word.startsWith(`${dashed(name)}=`))
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}
