import { type JsonObject, OrchError } from '@orch/core'

/** Options of the tmux backend: `backends.tmux` of the configuration, or the argument of `tmux()`. */
export interface TmuxOptions {
  /** The tmux program: a name on PATH or an absolute path. @default "tmux" */
  readonly command?: string
  /** Width of an agent's window in characters, 20 to 10,000. @default 200 */
  readonly columns?: number
  /** Height of an agent's window in lines, 20 to 10,000. @default 50 */
  readonly rows?: number
  /** Lines tmux keeps for scrolling back, 0 to 1,000,000. The log has more anyway. @default 2000 */
  readonly historyLines?: number
  /** How much of an agent's output is kept at most, in bytes: 1 MiB to 1 TiB. The oldest goes first. @default 64 MiB */
  readonly logBytes?: number
  /** For how many days the output of a program that ended, and what it told, are kept: 1 to 36,500. @default 30 */
  readonly keepDays?: number
}

/** {@link TmuxOptions} with every default filled in. */
export type CompleteOptions = Required<TmuxOptions>

/** One tmux call that takes longer than this many milliseconds has failed. */
export const CALL_TIMEOUT_MS = 5_000

/** How long tmux may take to ask how one of its processes ended, in milliseconds. */
export const COLLECTED_MS = 1_000

/** How often a follower makes tmux look whether it missed the end of a process, in milliseconds. */
export const MISSED_DEATH_MS = 1_000

/** How long a just started program may take to show that it listens, in milliseconds. */
export const READY_MS = 2_000

/** How long an agent may take to end itself before it is killed, in milliseconds. */
export const GRACE_MS = 3_000

/** How long killed processes may take to disappear, in milliseconds. */
export const KILL_TIMEOUT_MS = 5_000

/** The longest single argument Linux passes to a program, in bytes without the closing NUL (`MAX_ARG_STRLEN`). */
export const ARGUMENT_BYTES = 131_071

/** A longer text, in bytes, goes to tmux by a file: a pipe takes no more at once, and a writer may be killed half-way. */
export const PIPE_BYTES = 32_768

/** The longest line a terminal in canonical mode passes on, in bytes without the line feed (`termios(3)`). */
export const CANONICAL_LINE_BYTES = 4_095

const NUMBERS = {
  columns: { least: 20, most: 10_000, otherwise: 200 },
  rows: { least: 20, most: 10_000, otherwise: 50 },
  historyLines: { least: 0, most: 1_000_000, otherwise: 2_000 },
  logBytes: { least: 1_048_576, most: 1_099_511_627_776, otherwise: 67_108_864 },
  keepDays: { least: 1, most: 36_500, otherwise: 30 },
} as const

/** Fills the defaults. @throws RangeError for a number out of range. */
export function completeOptions(options: TmuxOptions): CompleteOptions {
  const number = (key: keyof typeof NUMBERS): number => {
    const { least, most, otherwise } = NUMBERS[key]
    const value = options[key] ?? otherwise
    if (!Number.isInteger(value) || value < least || value > most)
      throw new RangeError(`"${key}" is a whole number from ${least} to ${most}, not ${value}`)
    return value
  }
  return {
    command: options.command ?? 'tmux',
    columns: number('columns'),
    rows: number('rows'),
    historyLines: number('historyLines'),
    logBytes: number('logBytes'),
    keepDays: number('keepDays'),
  }
}

/** Checks options that come from a configuration file. @throws OrchError `CONFIG_INVALID` naming the key. */
export function optionsFromConfig(options: JsonObject): TmuxOptions {
  const known = ['command', ...Object.keys(NUMBERS)]
  const own: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(options)) {
    if (key === 'module' || value === undefined) continue
    if (!known.includes(key)) throw invalid(`there is no option "${key}"`, `Use one of: ${known.join(', ')}`)
    const wanted = key === 'command' ? 'string' : 'number'
    if (typeof value !== wanted || value === '')
      throw invalid(`"${key}" is not a ${wanted}`, `Set "${key}" to a ${wanted} or remove it`)
    own[key] = value
  }
  try {
    return completeOptions(own as TmuxOptions)
  } catch (cause) {
    throw invalid((cause as Error).message, 'Correct that option or remove it')
  }
}

function invalid(state: string, hint: string): OrchError {
  const message = `Cannot use the options of the tmux backend: ${state}`
  return new OrchError('CONFIG_INVALID', message, { hint })
}
