import type { Doc, Reason } from '@orch/core'
import { createContext } from './context.ts'
import type { Arguments, Command } from './define-command.ts'
import { createFrame } from './frame.ts'
import { hasColors, type Io, isDumb, Stopped, Unwritable } from './io.ts'
import { usageError } from './options.ts'
import { createPrinter, jsonLine, print, printTalk } from './output.ts'
import { createPage, type PageSettings } from './page.ts'
import { parsePlain } from './parse-plain.ts'

/** Parses the words after the verb, runs the command and prints what came of it. Returns the exit code. */
export async function runCommand(command: Command, words: readonly string[], io: Io): Promise<number> {
  const [flags, rest] = splitRest(command, words)
  if (flags.includes('--help') || flags.includes('-h')) {
    const { helpText } = await import('./parse-words.ts')
    await print(io.stdout, await helpText(command))
    return 0
  }
  const line = command.takesRest ? flags : withPositionals(command, flags, rest)
  const args = parsePlain(command, line) ?? (await (await import('./parse-words.ts')).parseWords(command, line))
  return execute(command, { ...args, rest: command.takesRest ? rest : [] }, io)
}

/** Runs a command with parsed arguments and prints what came of it. Returns the exit code. */
export async function execute(command: Command, args: Arguments, io: Io): Promise<number> {
  const context = createContext(args, io, command)
  try {
    const data = await command.run(args, context).catch(async (error: unknown) => {
      const { reason } = io.signal
      // A reader that has gone is told nothing.
      if (!(reason instanceof Stopped) || reason.exitCode === 0) throw error
      const { interrupted } = await import('./interrupted.ts')
      throw interrupted(command.verb, reason, context.begun)
    })
    context.clear()
    const printer = createPrinter(io.stdout)
    const lines = isStream(data) ? data : [data]
    // What `tail` has shown belongs to its page; what is drawn anew has its own time and width.
    const redraws = command.redraws(args)
    const whole = createPage(pageSettings(io))
    const frame = redraws && io.stdout.isTTY === true && !isDumb(io.env) ? createFrame(io.stdout) : null
    for await (const said of lines) {
      const line = withWarnings(said, context.warnings)
      const page = redraws ? createPage(pageSettings(io)) : whole
      if (args.json === true) {
        await printer.print(jsonLine(line))
        continue
      }
      command.render(line, page, args)
      for (const warning of warningsOf(line) ?? context.warnings.splice(0)) page.note(`orch: ${warning.text}`)
      const { answer, talk } = page.take()
      if (frame !== null) {
        await printer.print(frame(answer + talk))
        continue
      }
      if (!(command.paged && (await showInPager(answer, io)))) await printer.print(answer)
      if (talk === '' || args.quiet === true) continue
      await printer.end()
      await printTalk(io.stderr, talk)
    }
    await printer.end()
    return command.exitCode(data, args)
  } catch (error) {
    if (error instanceof Unwritable) error.begun = context.begun
    throw error
  } finally {
    context.clear()
    await context.close()
  }
}

/** Whether it was shown; a terminal of a person only. */
async function showInPager(text: string, io: Io): Promise<boolean> {
  if (io.stdout.isTTY !== true || isDumb(io.env)) return false
  const { page } = await import('./pager.ts')
  return await page(text, io.env)
}

/** The document with what was found out before it was made. A line of a stream may be none. */
function withWarnings(data: unknown, before: Reason[]): unknown {
  const own = warningsOf(data)
  if (own === undefined || before.length === 0) return data
  const texts = new Set(own.map(({ text }) => text))
  return { ...(data as Doc), warnings: [...own, ...before.splice(0).filter(({ text }) => !texts.has(text))] }
}

function warningsOf(data: unknown): Doc['warnings'] | undefined {
  return (data as Partial<Doc> | null)?.warnings
}

function pageSettings(io: Io): PageSettings {
  const interactive = io.stdout.isTTY === true
  return {
    interactive,
    colors: hasColors(io),
    columns: interactive ? (io.stdout.columns ?? null) : null,
    now: Date.now(),
  }
}

/** Splits at `--`, and turns a lone `-` that is no option's value into `--file -`: yargs would make it an empty positional. */
function splitRest(command: Command, words: readonly string[]): readonly [flags: string[], rest: readonly string[]] {
  const end = words.indexOf('--')
  const flags = end === -1 ? words : words.slice(0, end)
  const rest = end === -1 ? [] : words.slice(end + 1)
  const takesValue = (word = ''): boolean => word === '--file' || word === '--each'
  if (!command.hasFile) return [[...flags], rest]
  const named = flags.flatMap((word, at) => (word === '-' && !takesValue(flags[at - 1]) ? ['--file', '-'] : [word]))
  return [named, rest]
}

/** Where nothing else is meant by `--`, it says that no option follows. */
function withPositionals(command: Command, flags: readonly string[], rest: readonly string[]): readonly string[] {
  if (rest.length === 0) return flags
  const last = flags.at(-1) ?? ''
  const spec = Object.entries(command.options).find(([name, { alias }]) => last === `--${name}` || last === `-${alias}`)
  const wrong = rest.find((word) => word.startsWith('-'))
  if (wrong === undefined && (spec === undefined || spec[1].type === 'boolean')) return [...flags, ...rest]
  const problem = wrong === undefined ? `not enough arguments following: ${last}` : `unknown argument: ${wrong}`
  throw usageError(`Cannot run "orch ${command.verb}": ${problem}`, `Run "orch ${command.verb} --help"`)
}

function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data
}
