import { resolve } from 'node:path'
import type { State, TurnOptions } from '@orch/core'
import { OrchError, parseAge, parseDuration, STATES, splitWords } from '@orch/core'
import type { Options } from 'yargs'

const group = 'Common options:'

/** The options every command takes. */
export const COMMON_OPTIONS: Readonly<Record<string, Options>> = {
  json: { type: 'boolean', group, describe: 'Print the JSON document instead of text' },
  project: {
    alias: 'C',
    type: 'string',
    requiresArg: true,
    group,
    describe: 'Work as if started in this directory',
  },
  'all-projects': {
    alias: 'A',
    type: 'boolean',
    group,
    describe: 'List the agents of all projects; an id is found in any project without it',
  },
  backend: { type: 'string', requiresArg: true, group, describe: 'Use this backend' },
  server: {
    type: 'string',
    requiresArg: true,
    group,
    describe: 'Use the server at this URL for new agents; orch neither starts nor stops it',
  },
  'request-timeout': {
    type: 'string',
    requiresArg: true,
    group,
    describe: 'Give up on one backend call after this time (30s, 5m, 1h30m)',
  },
  quiet: { alias: 'q', type: 'boolean', group, describe: 'Say nothing on stderr but errors' },
  help: { alias: 'h', type: 'boolean', group, describe: 'Show this help' },
}

/** What the {@link COMMON_OPTIONS} were set to. */
export interface CommonArgs {
  readonly json?: boolean | undefined
  readonly project?: string | undefined
  readonly allProjects?: boolean | undefined
  readonly backend?: string | undefined
  readonly server?: string | undefined
  readonly requestTimeout?: string | undefined
  readonly quiet?: boolean | undefined
}

/** The option of commands that take a text; `-` in place of the text means `--file -`. */
export const FILE_OPTION = {
  type: 'string',
  requiresArg: true,
  describe: 'Read the text from this file, at most 1 MiB; - is stdin',
} as const

/** The option of commands that give an agent a text that files may go with. */
export const ATTACH_OPTION = {
  type: 'string',
  array: true,
  requiresArg: true,
  nargs: 1,
  describe: 'A file that goes with it: text, an image or a PDF; can be given again',
} as const

/** What the {@link ATTACH_OPTION} was set to, as absolute paths: like every path of a command line, from where it is run. */
export function attached({ attach }: { readonly attach?: readonly string[] | undefined }): readonly string[] {
  return (attach ?? []).map((path) => resolve(path))
}

/** The options of commands that give an agent a message. */
export const TURN_OPTIONS = {
  wait: { type: 'boolean', describe: 'Stay until its turn is over, and print its final answer' },
  timeout: { type: 'string', requiresArg: true, describe: 'With --wait: at most so long (30m when left out)' },
} as const

/**
 * What the {@link TURN_OPTIONS} were set to.
 * @throws OrchError `USAGE`, `BAD_DURATION`
 */
export function turnOptions(args: {
  readonly wait?: boolean | undefined
  readonly timeout?: string | undefined
}): TurnOptions {
  if (args.timeout === undefined) return { wait: args.wait }
  if (args.wait !== true)
    throw usageError('Cannot use "--timeout": nothing is waited for', 'Add "--wait", or use --request-timeout')
  return { wait: true, timeoutMs: parseDuration(args.timeout) }
}

/** The option of commands that watch agents. */
export const NOTIFY_OPTION = {
  type: 'string',
  requiresArg: true,
  describe: 'Run this command, without a shell, at each change of a state; the change is on its stdin as JSON',
} as const

/**
 * The words of the {@link NOTIFY_OPTION}.
 * @throws OrchError `USAGE`
 */
export function notifyWords(command: string | undefined): readonly string[] | undefined {
  if (command === undefined) return undefined
  const words = splitWords(command)
  if (words !== null) return words
  throw usageError(
    'Cannot use "--notify": it has no words, or a quote that is not closed',
    'Write it as --notify "CMD ARG"',
  )
}

/** An option that may be given several times, or once with commas. */
export function listOption(describe: string): {
  readonly type: 'string'
  readonly array: true
  readonly requiresArg: true
  readonly nargs: 1
  readonly describe: string
} {
  return { type: 'string', array: true, requiresArg: true, nargs: 1, describe }
}

/** An error of the command line itself. */
export function usageError(message: string, hint: string): OrchError {
  return new OrchError('USAGE', message, { hint })
}

/**
 * The states named by a {@link listOption}, or `undefined` when it was not given.
 * @throws OrchError `USAGE` for a word that is no state.
 */
export function statesOf(option: string, values: readonly string[] | undefined): readonly State[] | undefined {
  if (values === undefined) return undefined
  const words = values.flatMap((value) => value.split(',')).map((word) => word.trim())
  const known: readonly string[] = STATES
  for (const word of words) {
    if (known.includes(word)) continue
    throw usageError(`Cannot use "${option} ${word}": it is not a state`, `Use one of ${STATES.join(', ')}`)
  }
  return words as State[]
}

/**
 * A time given by an option, as ISO 8601: a date, a date with a time, or how long ago it was (`12h`, `7d`).
 * @throws OrchError `USAGE`
 */
export function timeOf(option: string, value: string | undefined, now: number): string | undefined {
  if (value === undefined) return undefined
  const at = /^\d{4}-\d\d/.test(value) ? Date.parse(value) : now - parseAge(value)
  if (!Number.isNaN(at)) return new Date(at).toISOString()
  throw usageError(
    `Cannot use "${option} ${value}": it is no time`,
    'Write a date like 2026-01-31 or 2026-01-31T09:00, or how long ago it was, like 12h or 7d',
  )
}

/**
 * A whole number given by an option.
 * @throws OrchError `USAGE` when it is none or out of range.
 */
export function wholeNumber(option: string, value: number, range: readonly [number, number]): number {
  const [least, most] = range
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw usageError(
    `Cannot use "${option}": "${value}" is not a whole number from ${least} to ${most}`,
    `Use for example "${option} ${Math.max(least, Math.min(20, most))}"`,
  )
}
