import type { Doc } from '@orch/core'
import yargs, { type Argv } from 'yargs'
import { createContext } from './context.ts'
import type { Arguments, Command } from './define-command.ts'
import type { Io } from './io.ts'
import { usageError } from './options.ts'
import { print, printJson, printTalk } from './output.ts'
import { createPage, type Page, type PageSettings } from './page.ts'

/** Parses the words after the verb, runs the command and prints what came of it. Returns the exit code. */
export async function runCommand(command: Command, words: readonly string[], io: Io): Promise<number> {
  const [flags, rest] = splitRest(command, words)
  if (flags.includes('--help') || flags.includes('-h')) {
    await print(io.stdout, await helpText(command))
    return 0
  }
  if (rest.length > 0 && !command.takesRest)
    throw usageError(`Cannot run "orch ${verbOf(command)}": nothing may follow "--"`, `Leave out "-- ${rest[0]}"`)
  let args: Arguments | undefined
  await parserOf(command, (parsed) => {
    args = { ...parsed, rest }
  }).parseAsync(flags)
  if (args === undefined) throw new Error('The command line was parsed without a result')
  refuseRepeated(command, args, flags)
  refuseEmpty(command, args, flags)
  return execute(command, args, io)
}

/** The whole help text of one command. */
export async function helpText(command: Command): Promise<string> {
  return `${await parserOf(command, () => {}).getHelp()}\n`
}

/** Runs a command with parsed arguments and prints what came of it. Returns the exit code. */
export async function execute(command: Command, args: Arguments, io: Io): Promise<number> {
  const context = createContext(args, io)
  const page = createPage(pageSettings(io))
  try {
    const data = await command.run(args, context)
    const lines = isStream(data) ? data : [data]
    for await (const line of lines) {
      if (args.json === true) {
        await printJson(io.stdout, line)
        continue
      }
      command.render(line, page, args)
      for (const warning of warningsOf(line)) page.note(`orch: ${warning.text}`)
      await printPage(page, args, io)
    }
    return command.exitCode(data, args)
  } finally {
    await context.close()
  }
}

async function printPage(page: Page, args: Arguments, io: Io): Promise<void> {
  const { answer, talk } = page.take()
  await print(io.stdout, answer)
  if (args.quiet !== true) await printTalk(io.stderr, talk)
}

function warningsOf(data: unknown): Doc['warnings'] {
  return (data as Partial<Doc>).warnings ?? []
}

function pageSettings(io: Io): PageSettings {
  const interactive = io.stdout.isTTY === true
  return {
    interactive,
    colors: interactive && (io.env.NO_COLOR ?? '') === '',
    columns: interactive ? (io.stdout.columns ?? null) : null,
    now: Date.now(),
  }
}

/**
 * yargs with the one command as its default: a named command would make it lay out the whole help every time. It reads no files, so
 * it needs no directory, and the one of this process may be gone.
 */
function parserOf(command: Command, onParsed: (args: Arguments) => void): Argv {
  const verb = verbOf(command)
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
      throw usageError(problem(command, message), `Run "orch ${verb} --help"`)
    })
    .command({
      command: `$0${command.command.slice(verb.length)}`,
      describe: command.describe,
      builder: command.builder,
      handler: (args) => onParsed(args as unknown as Arguments),
    })
}

function problem(command: Command, message: string): string {
  const verb = verbOf(command)
  if (message.startsWith('Not enough non-option'))
    return `Cannot run "orch ${verb}": it needs "orch ${command.command}"`
  const flat = message
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/(?<=^Not enough arguments following: )\S+$/, dashed)
  return `Cannot run "orch ${verb}": ${flat.charAt(0).toLowerCase()}${flat.slice(1)}`
}

/** Splits at `--`, and turns a lone `-` into `--file -`: yargs would make it an empty positional. */
function splitRest(command: Command, words: readonly string[]): readonly [flags: string[], rest: readonly string[]] {
  const end = words.indexOf('--')
  const flags = end === -1 ? words : words.slice(0, end)
  const rest = end === -1 ? [] : words.slice(end + 1)
  if (!command.hasFile) return [[...flags], rest]
  const named = flags.flatMap((word, at) => (word === '-' && flags[at - 1] !== '--file' ? ['--file', '-'] : [word]))
  return [named, rest]
}

function refuseRepeated(command: Command, args: Arguments, flags: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    if (!Array.isArray(value) || name === '_' || name === 'rest') continue
    if (command.repeatable.includes(name) || !isTyped(name, flags)) continue
    const option = dashed(name)
    throw usageError(
      `Cannot run "orch ${verbOf(command)}": "${option}" is given ${value.length} times`,
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
      `Cannot run "orch ${verbOf(command)}": "${option}" is empty`,
      `Give "${option}" a value, or leave it out`,
    )
  }
}

/** Whether an option stands on the command line by this name: yargs gives every value under all its names. */
function isTyped(name: string, flags: readonly string[]): boolean {
  if (name.length === 1) return flags.some((word) => /^-[^-]/.test(word) && word.includes(name))
  return flags.some((word) => word === dashed(name) || word.startsWith(`${dashed(name)}=`))
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

function verbOf(command: Command): string {
  return command.command.split(' ', 1)[0] ?? ''
}

function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data
}
