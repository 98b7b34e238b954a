import { constants } from 'node:os'
import type { Exit, JsonObject, JsonValue, Reason } from '@orch/core'

/** Which tmux server: `@0` and `%0` start again in the next one. */
export interface Server {
  readonly version: string
  readonly pid: number
  /** Seconds since 1970. */
  readonly startTime: number
}

/** A server incarnation as one string. */
export function epochOf(server: Pick<Server, 'pid' | 'startTime'>): string {
  return `${server.pid}.${server.startTime}`
}

/** Whether `tmux -V` names a release before 3.3; what has no number (`tmux master`) is new. */
export function isOldVersion(version: string): boolean {
  const match = /(\d+)\.(\d+)/.exec(version)
  if (match === null) return false
  const [major, minor] = [Number(match[1]), Number(match[2])]
  return major < 3 || (major === 3 && minor < 3)
}

/** One pane as tmux lists it; the tags are empty for a pane that orch did not make. */
export interface Row {
  readonly window: string
  readonly pane: string
  readonly panePid: number
  readonly tty: string
  readonly dead: boolean
  /** How the pane's process ended, as far as tmux noticed. */
  readonly exit: Exit | null
  /** Seconds since 1970. */
  readonly activity: number
  readonly begun: string
  readonly namespace: string
  readonly run: string
  /** By what the program is known that runs, where that tells what happens to it: see `hooksOf`. */
  readonly program: string
  readonly agent: string
}

/** How a backend finds an agent again: all of it can be read from tmux too. */
export interface Handle {
  readonly server: { readonly pid: number; readonly startTime: number }
  readonly window: string
  readonly pane: string
  readonly panePid: number
  readonly tty: string
  readonly run: string
  /** Paths of the output log and of the exit file. */
  readonly log: string
  readonly exit: string
  /** Of a pane that was adopted: when its process began, in clock ticks after boot; with the pid it identifies the process. */
  readonly started?: number
  /** By what the program is known whose hooks tell what happens, and the file that holds what they told; left out for any other. */
  readonly program?: string
  readonly events?: string
}

/** What one finished tmux process said. */
export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a listing showed: a server and its panes, proof that there is none, or why it could not be seen. */
export type Look =
  | { readonly kind: 'server'; readonly server: Server; readonly rows: readonly Row[] }
  | { readonly kind: 'none'; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: Reason }

/** Whether tmux says that nobody listens on the socket. Its texts are in `client.c` and are not translated. */
export function saysNoServer(stderr: string): boolean {
  return (
    stderr.startsWith('no server running on ') ||
    (stderr.startsWith('error connecting to ') && stderr.includes('(No such file or directory)'))
  )
}

/** Whether the server went away during the call, so that what it did before cannot be known. */
export function saysServerDied(answer: Answer): boolean {
  return answer.code === null || /server exited|lost server/.test(answer.stderr)
}

/** Reads the answer of `listCommands`, skipping what was printed before. */
export function parseLook(answer: Answer): Look {
  if (saysNoServer(answer.stderr)) return { kind: 'none', text: answer.stderr.trim() }
  const lines = answer.stdout.split('\n').filter((line) => line !== '')
  const server = parseServer(lines[0] ?? '')
  const sessionless = answer.stderr.startsWith('no current target')
  if (server === null || (answer.code !== 0 && !sessionless))
    return { kind: 'failed', reason: { code: 'TMUX_FAILED', text: failureText(answer) } }
  const rows = lines.slice(1).map(parseRow)
  const bad = rows.indexOf(null)
  if (bad >= 0) {
    const text = `tmux listed a pane as ${JSON.stringify(lines[bad + 1])}`
    return { kind: 'failed', reason: { code: 'BAD_ANSWER', text } }
  }
  return { kind: 'server', server, rows: rows.filter((row) => row !== null) }
}

/** What tmux complained about, or its exit code. */
export function failureText(answer: Answer): string {
  const text = answer.stderr.trim().split('\n')[0] ?? ''
  return text === '' ? `tmux ended with code ${answer.code ?? 'none'}` : `tmux says: ${text}`
}

/** `version TAB pid TAB start time`, or `null`. */
function parseServer(line: string): Server | null {
  const match = /^(\S+)\t(\d+)\t(\d+)$/.exec(line)
  if (match === null) return null
  return { version: match[1] as string, pid: Number(match[2]), startTime: Number(match[3]) }
}

/** Why `sendCommands` typed nothing; `null` for anything else it printed. */
export function parseRefusal(stdout: string, handle: Handle): Reason | null {
  const match = /^REFUSED\t(\d+)\.(\d+)\.([^.]*)\.([^.]*)\.([DMIBTHS]*)\n$/.exec(stdout)
  if (match === null) return null
  const [, pid, startTime, agent, run, blockers = ''] = match
  if (Number(pid) !== handle.server.pid || Number(startTime) !== handle.server.startTime)
    return { code: 'IDENTITY', text: 'Another tmux server runs: the one of this agent is over' }
  if (agent === '' && run === '') return { code: 'GONE', text: 'The tmux window is gone' }
  const first = Object.keys(BLOCKERS).find((letter) => blockers.includes(letter))
  return BLOCKERS[first ?? ''] ?? { code: 'IDENTITY', text: 'The tmux window has another tag' }
}

const BLOCKERS: Readonly<Record<string, Reason>> = {
  D: { code: 'DEAD', text: 'The program has ended' },
  B: { code: 'BEGUN', text: 'The agent was given its task before' },
  M: { code: 'COPY_MODE', text: 'Somebody scrolls in the window (copy mode), which takes keys' },
  T: { code: 'DRAFT', text: 'The program shows no empty line to type in: somebody may have begun a text there' },
  H: { code: 'HINT_OR_DRAFT', text: 'The line to type in holds something' },
  S: { code: 'NOT_SHOWN', text: 'Its window does not show that any more' },
  I: { code: 'INPUT_OFF', text: 'Somebody switched the input of the window off' },
}

/** One row of a listing, or `null` when it is not one. */
export function parseRow(line: string): Row | null {
  const fields = line.split('\t')
  if (fields.length !== 13 || !/^@\d+\t%\d+\t/.test(line)) return null
  const at = (index: number): string => fields[index] as string
  return {
    window: at(0),
    pane: at(1),
    panePid: Number(fields[2]),
    tty: at(3),
    dead: fields[4] === '1',
    exit: parsePaneExit(at(5), at(6)),
    activity: Number(fields[7]),
    begun: at(8),
    namespace: at(9),
    run: at(10),
    program: at(11),
    agent: at(12),
  }
}

function parsePaneExit(status: string, signal: string): Exit | null {
  if (signal !== '') return { code: null, signal: signalName(signal) }
  return status === '' ? null : { code: Number(status), signal: null }
}

/** `9`, `KILL` and `SIGKILL` are all `SIGKILL`. */
export function signalName(signal: string): string {
  if (!/^\d+$/.test(signal)) return signal.startsWith('SIG') ? signal : `SIG${signal}`
  const found = Object.entries(constants.signals).find(([, number]) => number === Number(signal))
  return found?.[0] ?? `SIG${signal}`
}

/** Reads an exit file; `null` for anything else: it is written whole or not at all. */
export function parseExitFile(text: string): Exit | null {
  const match = /^(exited|signal) (\d+)\n$/.exec(text)
  if (match === null) return null
  const code = Number(match[2])
  return match[1] === 'signal' ? { code: null, signal: signalName(String(code - 128)) } : { code, signal: null }
}

/** A process as `/proc/PID/stat` describes it. */
export interface ProcessStat {
  readonly pid: number
  readonly name: string
  /** `R`, `S`, `Z` and so on; see proc(5). */
  readonly state: string
  readonly parent: number
  readonly session: number
  /** The number of its controlling terminal; 0 for none. */
  readonly terminal: number
  /** Clock ticks after boot; with the pid it identifies a process. */
  readonly started: number
}

/** Reads `/proc/PID/stat`; the name may hold spaces and brackets. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  if (open < 0 || close < open || fields.length < 20) return null
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close).replace(/[^ -~]/g, '?'),
    state: fields[0] as string,
    parent: Number(fields[1]),
    session: Number(fields[3]),
    terminal: Number(fields[4]),
    started: Number(fields[19]),
  }
}

/** The socket of a target; `null` for what this backend did not make. */
export function parseTarget(target: JsonValue): string | null {
  const socket = isObject(target) ? target.socket : null
  return typeof socket === 'string' && socket.startsWith('/') ? socket : null
}

/** A handle from a record; `null` when there is none or another backend made it. */
export function parseHandle(handle: JsonValue): Handle | null {
  if (!isObject(handle) || !isObject(handle.server)) return null
  const { server, window, pane, panePid, tty, run, log, exit } = handle
  const { pid, startTime } = server
  const numbers = [pid, startTime, panePid].every(Number.isInteger)
  const texts = [window, pane, tty, run, log, exit].every((text) => typeof text === 'string')
  if (handle.started !== undefined && !Number.isInteger(handle.started)) return null
  const told = [handle.program, handle.events].every((text) => text === undefined || typeof text === 'string')
  if (!numbers || !texts || !told || !/^%\d+$/.test(String(pane)) || !isId(String(run))) return null
  return handle as unknown as Handle
}

/** Whether a text may stand in a tmux format and name a file. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$/.test(text)
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
