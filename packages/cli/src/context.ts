import { letStart, type Orch, openOrch, parseDuration, type Reason } from '@orch/core'
import { KNOWN_BACKENDS } from './backends.ts'
import type { Arguments, Command } from './define-command.ts'
import { hasColors, type Io } from './io.ts'
import { usageError } from './options.ts'
import { printTalk } from './output.ts'
import { selfCommand } from './self-command.ts'
import { createSpinner, type Spinner } from './spinner.ts'

/** What `run` of a command gets beside its arguments. */
export interface Context {
  readonly env: Io['env']
  readonly signal: AbortSignal
  /** A person sits at both ends: destructive commands then take a prefix of an id. */
  readonly interactive: boolean
  /** Colours are for whoever reads stdout. */
  readonly colors: boolean
  /** What the command is busy with, for a person who waits; it is gone before the answer is printed. */
  readonly spinner: Spinner
  /** Says on stderr at once why nothing goes on; at a terminal by the spinner. */
  say(text: string): void
  /** What is to be said beside the answer: it goes into the document. */
  readonly warnings: Reason[]
  /** The ids of agents that this command began to make: they are named when it is interrupted. */
  readonly begun: string[]
  /** The project's orchestrator, opened at the first call; opens no backend. */
  orch(): Promise<Orch>
  /**
   * The text of a command: its argument, or the file of `--file` (`-` is stdin, which is read for nothing else).
   * @throws OrchError `USAGE` unless exactly one is given, and when it is too long or not UTF-8; `FILE_NOT_FOUND`.
   */
  text(what: string, source: TextSource): Promise<string>
  /** Takes the spinner away, if there is one. */
  clear(): void
  /** Frees what `orch` opened. */
  close(): Promise<void>
}

/** Where a text may come from: an argument, what followed `--`, or a file. */
export interface TextSource {
  readonly argument?: string | undefined
  readonly rest?: readonly string[]
  readonly file?: string | undefined
  /** At most so many bytes of the file. @default 1 000 000 */
  readonly most?: number | undefined
}

/** The context of one command line. */
export function createContext(args: Arguments, io: Io, command: Command): Context {
  let opened: Promise<Orch> | undefined
  let spinner: Spinner | undefined
  return {
    env: io.env,
    signal: io.signal,
    warnings: [],
    begun: [],
    get interactive() {
      return io.stdin.isTTY === true && io.stdout.isTTY === true
    },
    get colors() {
      return hasColors(io)
    },
    get spinner() {
      spinner ??= createSpinner(io, args.quiet !== true && args.json !== true)
      return spinner
    },
    say(text) {
      if (io.stderr.isTTY === true) this.spinner.say(text)
      else if (args.quiet !== true && args.json !== true) void printTalk(io.stderr, `orch: ${text}\n`)
    },
    clear: () => spinner?.stop(),
    orch: () => {
      opened ??= open(args, io, command)
      return opened
    },
    text: (what, source) => textOf(what, source, io),
    close: async () => {
      await (await opened)?.close()
    },
  }
}

function open(args: Arguments, io: Io, { verb, toleratesConfig }: Command): Promise<Orch> {
  // Opened while a backend answers, the stream for what comes of it takes no time of its own.
  void letStart().then(() => io.stdout)
  return openOrch({
    ...(args.project === undefined ? {} : { directory: args.project }),
    knownBackends: KNOWN_BACKENDS,
    backend: args.backend,
    server: args.server,
    env: io.env,
    verb,
    brokenConfig: toleratesConfig ? 'leave-out' : 'refuse',
    command: selfCommand(),
    requestTimeoutMs: args.requestTimeout === undefined ? undefined : parseDuration(args.requestTimeout),
  })
}

async function textOf(what: string, source: TextSource, io: Io): Promise<string> {
  const given = [source.argument, ...(source.rest ?? [])].filter((word) => word !== undefined)
  const [first, second] = given
  if (second !== undefined || (first !== undefined && source.file !== undefined))
    throw usageError(`Cannot read the ${what}: it is given twice`, `Give one ${what}, in quotes`)
  if (first !== undefined) return first
  if (source.file === undefined)
    throw usageError(
      `Cannot read the ${what}: none is given`,
      `Give the ${what} in quotes, or "--file FILE", or "-" for stdin`,
    )
  const { readText } = await import('./read-text.ts')
  return await readText({ what, file: source.file, most: source.most }, io)
}
