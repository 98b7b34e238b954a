import { type Command, commandLine, type GuardedCommand, nested } from './command.ts'
import { LOG_VARIABLE } from './environment.ts'
import type { CompleteOptions } from './options.ts'
import { LOG_PARTS } from './output/log-script.ts'

/** Whose window it is: compared with what the server says, in the call that acts. */
export interface Identity {
  readonly agent: string
  readonly run: string
  readonly pane: string
  readonly server: { readonly pid: number; readonly startTime: number }
}

/** The tmux session that holds every agent's window. */
const SESSION = '=orch:'

/** The last window: the one just made, as nothing else runs between chained commands. */
const NEWEST = '=orch:{end}'

/** What `create` prints when a window with the tag exists. */
export const EXISTS = 'EXISTS'

/** What `send` prints when the text was typed, and when it was not. */
export const SENT = 'SENT'
const REFUSED = 'REFUSED'

/** Letters beside an identity that say why a pane cannot be typed into: dead, in copy mode, input switched off, begun. */
const BLOCKERS = '#{?pane_dead,D,}#{?pane_in_mode,M,}#{?pane_input_off,I,}'
const BEGUN = '#{?#{==:#{@orch_begun},yes},B,}'
const WHOSE = '#{pid}.#{start_time}.#{@orch_agent_id}.#{@orch_run}'

/** The fields of one row of {@link listCommands}, TAB-separated; none of them is free text. */
export const ROW: string = [
  '#{window_id}',
  '#{pane_id}',
  '#{pane_pid}',
  '#{pane_tty}',
  '#{pane_dead}',
  '#{pane_dead_status}',
  '#{pane_dead_signal}',
  '#{window_activity}',
  '#{@orch_begun}',
  '#{@orch_namespace}',
  '#{@orch_run}',
  '#{@orch_program}',
  '#{@orch_agent_id}',
].join('\t')

/** What a new window is made of. Ids are `[A-Za-z0-9-]`. */
export interface NewWindow {
  readonly agent: string
  readonly namespace: string
  readonly run: string
  /** Whether the program has its task already. */
  readonly begun: boolean
  /** The known program that tells what happens to it; `''` for any other. */
  readonly program: string
  readonly argv: readonly string[]
  /** The name of the script that writes the log. */
  readonly logScript: string
  /** Variables every process in the pane gets. */
  readonly tags: Readonly<Record<string, string>>
  readonly options: CompleteOptions
  /** The window of an earlier run that is over, which this one takes the place of; `null`: there is none. */
  readonly replaces: { readonly pane: string; readonly run: string } | null
}

/**
 * Starts the server and the session unless they are there, and makes the window with its size, tags and log,
 * unless one with the same tag is there: one call, so that nothing of its output is missed and of several
 * callers one makes it. Prints {@link EXISTS}, or the server's version, pid and start time and the window's row.
 */
export function createCommands(window: NewWindow): Command[] {
  const { columns, rows, historyLines } = window.options
  const hasSession = '#{S:#{?#{==:#{session_name},orch},1,}}'
  const tag = '#{@orch_namespace}/#{@orch_agent_id}'
  const hasWindow = `#{W:#{?#{==:${tag},${window.namespace}/${window.agent}},1,}}`
  const size = ['-x', String(columns), '-y', String(rows)]
  const keeper: GuardedCommand = [
    'new-session',
    ...['-d', '-s', 'orch', '-n', 'orch', '-c', '/', ...size, '/bin/sh', '-c', ':'],
  ]
  return [
    ...startCommands(),
    ['set-option', '-g', 'remain-on-exit', 'on'],
    ['set-option', '-gq', 'remain-on-exit-format', ''],
    ['set-option', '-g', 'history-limit', String(historyLines)],
    ['set-option', '-g', 'default-terminal', 'screen-256color'],
    ['set-option', '-g', 'update-environment', ''],
    ['set-option', '-g', 'allow-rename', 'off'],
    ['if-shell', '-F', hasSession, '', nested([keeper])],
    ...(window.replaces === null ? [] : [removeIfThere(window.replaces)]),
    [
      'if-shell',
      '-F',
      '-t',
      SESSION,
      hasWindow,
      nested([['display-message', '-p', EXISTS]]),
      nested(windowCommands(window)),
    ],
  ]
}

/** Removes the pane of a run that is over, and its window's tag; nothing when another caller did. */
function removeIfThere({ pane, run }: { readonly pane: string; readonly run: string }): Command {
  const isThere = `#{W:#{P:#{?#{==:#{@orch_run},${run}},1,}}}`
  return ['if-shell', '-F', '-t', SESSION, isThere, nested(removal(pane))]
}

function removal(pane: string): GuardedCommand[] {
  return [
    ['set-option', '-w', '-u', '-t', pane, '@orch_agent_id'],
    ['kill-pane', '-t', pane],
  ]
}

function windowCommands(window: NewWindow): GuardedCommand[] {
  const { columns, rows } = window.options
  const variables = Object.entries(window.tags).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const place = ['-d', '-a', '-t', NEWEST, '-n', window.agent, '-c', '/']
  return [
    ['new-window', ...place, ...variables, ...window.argv],
    ['set-option', '-w', '-t', NEWEST, '@orch_agent_id', window.agent],
    ['set-option', '-w', '-t', NEWEST, '@orch_namespace', window.namespace],
    ['set-option', '-p', '-t', NEWEST, '@orch_agent_id', window.agent],
    ['set-option', '-p', '-t', NEWEST, '@orch_namespace', window.namespace],
    ['set-option', '-p', '-t', NEWEST, '@orch_run', window.run],
    ['set-option', '-p', '-t', NEWEST, '@orch_begun', window.begun ? 'yes' : 'no'],
    ['set-option', '-p', '-t', NEWEST, '@orch_program', window.program],
    ['resize-window', '-t', NEWEST, '-x', String(columns), '-y', String(rows)],
    ['pipe-pane', '-t', NEWEST, logCommand(window)],
    ['display-message', '-p', '-t', NEWEST, SERVER_ROW],
    ['display-message', '-p', '-t', NEWEST, ROW],
  ]
}

/**
 * What writes a log, with the run as a variable, so that `stop` sees the end of the last process that writes.
 * tmux expands it as a format and as a time: it holds no `#` and no `%`.
 */
function logCommand({ run, logScript, options }: NewWindow): string {
  const partBytes = Math.floor(options.logBytes / LOG_PARTS)
  return `${LOG_VARIABLE}=${run} exec /bin/sh "$ORCH_TMUX_LOGS/../${logScript}" ${run} ${partBytes} ${LOG_PARTS}`
}

export const SERVER_ROW = '#{version}\t#{pid}\t#{start_time}'

/** Starts a server that stays although nothing runs in it yet. */
export function startCommands(): Command[] {
  return [['start-server'], ['set-option', '-g', 'exit-empty', 'off']]
}

/** Prints the server's version, pid and start time, then one row for each pane (`parse.ts` reads both). */
export function listCommands(): Command[] {
  return [
    ['display-message', '-p', SERVER_ROW],
    ['list-panes', '-a', '-F', ROW],
  ]
}

/** Where tmux gets a text from, and the name it keeps it under meanwhile. */
export interface TextSource {
  readonly buffer: string
  /** `-` for stdin, or the name of a file in the directory of the call: a path would be expanded as a format. */
  readonly file: string
}

/** How a text is typed. */
export interface Typing {
  /** Also marks the agent as having its task, and refuses when it is marked already. */
  readonly begin: boolean
  /** What must be seen, or nothing is typed; `null`: that is not known. */
  readonly empty: EmptyLine | null
  /** What is pressed behind the text, by the names of keys. */
  readonly keys: readonly string[]
  /** What the pane must show. @default anything */
  readonly shown?: readonly ShownRow[]
}

/** A row that a pane must show. */
export interface ShownRow {
  /** As an extended regular expression without `#`, `,` and `}`. */
  readonly row: string
  /** On which line, from 0: no other line above it may read so; `null`: on any. */
  readonly line: number | null
}

/** `S` for each row that is missing. */
function missing(shown: readonly ShownRow[]): string {
  const place = ({ row, line }: ShownRow): string =>
    line === null ? `#{C/r:${row}}` : `#{==:#{C/r:${row}},${line + 1}}`
  return shown.map((one) => `#{?${place(one)},,S}`).join('')
}

/** How the line to type in is seen to be empty. */
export interface EmptyLine {
  /** Where the cursor stands, from 0. */
  readonly column: number
  /** The cursor's row, as an extended regular expression without `#`, `,` and `}`; `null`: whatever it is. */
  readonly row: string | null
}

/** `T` while the cursor does not stand where it does in an empty line, `H` while that line holds something all the same. */
function occupied({ column, row }: EmptyLine): string {
  const holds = row === null ? '' : `#{?#{==:#{C/r:${row}},#{e|+:#{cursor_y},1}},,H}`
  return `#{?#{==:#{cursor_x},${column}},${holds},T}`
}

/**
 * Types a text, and then keys, into exactly this pane, or prints {@link REFUSED} and why. One call:
 * between three calls other senders and deaths fit, and a paste into a dead pane crashes the server. A caller that
 * died before it wrote to stdin leaves no buffer: the paste fails, and nothing after it is done.
 */
export function sendCommands(to: Identity, { buffer, file }: TextSource, typing: Typing): Command[] {
  const { begin, empty, keys, shown = [] } = typing
  const state = `${WHOSE}.${BLOCKERS}${begin ? BEGUN : ''}${empty === null ? '' : occupied(empty)}${missing(shown)}`
  const press: GuardedCommand[] = keys.length === 0 ? [] : [['send-keys', '-t', to.pane, ...keys]]
  const mark: GuardedCommand[] = begin ? [['set-option', '-p', '-t', to.pane, '@orch_begun', 'yes']] : []
  const act: GuardedCommand[] = [
    ['paste-buffer', '-p', '-r', '-d', '-b', buffer, '-t', to.pane],
    ...mark,
    ...press,
    ['display-message', '-p', SENT],
  ]
  const refuse: GuardedCommand[] = [['delete-buffer', '-b', buffer], refusal(to.pane, state)]
  return [['load-buffer', '-b', buffer, file], guarded(to, state, [act, refuse])]
}

/**
 * Presses keys, by their names, in exactly this pane, or prints {@link REFUSED} and why.
 * @param shown what it must show
 */
export function keyCommands(to: Identity, keys: readonly string[], shown: readonly ShownRow[] = []): Command[] {
  const state = `${WHOSE}.${BLOCKERS}${missing(shown)}`
  const press: GuardedCommand[] = [
    ['send-keys', '-t', to.pane, ...keys],
    ['display-message', '-p', SENT],
  ]
  return [guarded(to, state, [press, [refusal(to.pane, state)]])]
}

/** Acts if the pane is this agent's and nothing blocks it. @param state of the pane, as {@link ownState} says when it is */
function guarded(
  to: Identity,
  state: string,
  [act, otherwise]: readonly [GuardedCommand[], GuardedCommand[]],
): Command {
  return ['if-shell', '-F', '-t', to.pane, `#{==:${state},${ownState(to)}}`, nested(act), nested(otherwise)]
}

function refusal(pane: string, state: string): GuardedCommand {
  return ['display-message', '-p', '-t', pane, `${REFUSED}\t${state}`]
}

/** Prints whether exactly this pane shows the screen of programs that draw on all of it, and what it shows, with its colours. */
export function screenCommands(of: Identity): Command[] {
  const show: Command[] = [
    ['display-message', '-p', '-t', of.pane, '#{alternate_on}'],
    ['capture-pane', '-p', '-e', '-t', of.pane],
  ]
  return [['if-shell', '-F', '-t', of.pane, `#{==:${WHOSE}.,${ownState(of)}}`, nested(show)]]
}

/** Removes exactly this pane and its window's tag, if it is there, and lists what is left. */
export function killCommands(of: Identity): Command[] {
  return [
    ['if-shell', '-F', '-t', of.pane, `#{==:${WHOSE}.,${ownState(of)}}`, nested(removal(of.pane))],
    ...listCommands(),
  ]
}

/** A client that shows a pane on the terminal that it is started in. @param flags of the client (`tmux(1)`, `attach-session -f`) */
export function attachCommandLine(socket: string, pane: string, flags: string): string[] {
  return commandLine(socket, [['attach-session', '-f', flags, '-t', pane]])
}

/** `WHOSE` with no blockers, as it reads for a pane that is this agent's. */
function ownState(of: Identity): string {
  return `${of.server.pid}.${of.server.startTime}.${of.agent}.${of.run}.`
}
