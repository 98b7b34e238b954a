import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { DeadlineError, isOrchError, OrchError, recheck, withDeadline } from '@orch/core'
import { type Command, commandLine } from '../command.ts'
import { listCommands, startCommands } from '../command-line.ts'
import { CALL_TIMEOUT_MS, COLLECTED_MS } from '../options.ts'
import { type Answer, type Look, parseLook, saysNoServer, saysServerDied } from '../parse.ts'
import { watchCommands } from '../watch-commands.ts'
import { type Connection, connectionOf } from './connection.ts'
import { findProgram, isSomethingAt } from './files.ts'
import { collectDeaths, hasMissedDeath } from './missed-deaths.ts'
import { type Scope, userManager } from './user-manager.ts'

/** Where the server and the wrapper look for `sh`, `cat`, `mv` and `rm`. */
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/run/current-system/sw/bin'

/** How to get tmux: one next action. */
export const INSTALL_TMUX = 'Install tmux 3.3 or newer, for example with "apt-get install tmux"'

/** One tmux process. */
export interface TmuxCall {
  readonly socket: string
  readonly commands: readonly Command[]
  /** What it reads from stdin. */
  readonly input?: string
  /** Where it runs. @default "/" */
  readonly directory?: string
  readonly signal: AbortSignal
}

/** What a {@link TmuxClient} needs to know. */
export interface TmuxSetup {
  /** A name on the caller's PATH or a path. */
  readonly command: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where windows write their logs: the server passes it on to them. */
  readonly logs: string
  /** Where the system's files lie. @default "/" */
  readonly root?: string
}

/** Where a process runs, and what is added to its environment. */
interface Place {
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Runs tmux, always with an environment of its own: a server that it starts keeps none of the caller's secrets. */
export class TmuxClient {
  readonly #setup: TmuxSetup
  #program: string | null = null

  constructor(setup: TmuxSetup) {
    this.#setup = setup
  }

  /** The tmux program. @throws OrchError `PROGRAM_MISSING`. */
  async program(): Promise<string> {
    const { command, env } = this.#setup
    this.#program ??= findProgram(command, env, '/')
    if (this.#program !== null) return this.#program
    throw new OrchError('PROGRAM_MISSING', `Cannot run "${command}": it is not on PATH`, {
      hint: INSTALL_TMUX,
    })
  }

  /** What `tmux -V` prints. */
  async version(signal: AbortSignal): Promise<string> {
    return (await this.#finish(['-V'], { signal })).stdout.trim()
  }

  /**
   * Runs one process and returns what it said, whatever its exit code.
   *
   * @throws OrchError `PROGRAM_MISSING`; `PERMISSION_DENIED`; `TIMEOUT` when it did not end, outcome `unknown`.
   */
  run(call: TmuxCall): Promise<Answer> {
    return this.#finish(commandLine(call.socket, call.commands), call)
  }

  /**
   * Lists a server's panes. Why it could not is an answer too; only an abort rejects. Where no socket is, tmux is not asked:
   * it could only say so.
   */
  async look(socket: string, signal: AbortSignal): Promise<Look> {
    try {
      await this.program()
      if (!isSomethingAt(socket)) return { kind: 'none', text: `there is no socket "${socket}"` }
      const list = { socket, commands: listCommands(), signal }
      const answer = await this.run(list)
      // One that died meanwhile is gone a moment later.
      const look = parseLook(saysServerDied(answer) ? await this.run(list) : answer)
      return hasMissedDeath(look) ? await this.#lookAgain(look, list) : look
    } catch (error) {
      if (signal.aborted || !isOrchError(error)) throw error
      return { kind: 'failed', reason: { code: error.code, text: error.message } }
    }
  }

  async #lookAgain(first: Look, list: TmuxCall): Promise<Look> {
    let look = first
    const isWhole = async (): Promise<true | undefined> => {
      if (look.kind === 'server') collectDeaths(look.server.pid)
      look = parseLook(await this.run(list))
      return hasMissedDeath(look) ? undefined : true
    }
    await recheck(isWhole, { timeoutMs: COLLECTED_MS, signal: list.signal })
    return look
  }

  /**
   * Starts a server outside the login session, where systemd has a place that a logout leaves alone and no server runs yet.
   * What comes of it does not matter: any other call starts a server where it can.
   */
  async startOutsideSession(socket: string, signal: AbortSignal): Promise<void> {
    const { scope } = userManager(this.#setup.env, this.#setup.root)
    if (scope === null) return
    const ask: Command[] = [['display-message', '-p', '']]
    if (isSomethingAt(socket) && !saysNoServer((await this.run({ socket, commands: ask, signal })).stderr)) return
    const start = [await this.program(), ...commandLine(socket, startCommands())]
    // systemd-run may replace variables in arguments.
    if (start.some((argument) => argument.includes('$'))) return
    const argv = ['--user', '--scope', '--quiet', '--collect', '--', ...start]
    await this.#finish(argv, { signal }, scope)
  }

  /** Connects to a server, to see its end. @param isOwn whether it is orch's own, which tells of panes and windows too */
  async connect(socket: string, isOwn: boolean): Promise<Connection> {
    return connectionOf(this.#start(await this.program(), commandLine(socket, watchCommands(isOwn))))
  }

  async #finish(
    argv: readonly string[],
    call: Pick<TmuxCall, 'input' | 'directory' | 'signal'>,
    scope?: Scope,
  ): Promise<Answer> {
    call.signal.throwIfAborted()
    const program = scope?.program ?? (await this.program())
    const place = { cwd: call.directory, env: scope?.env }
    try {
      return await withDeadline(CALL_TIMEOUT_MS, call.signal, (signal) =>
        collectOutput(this.#start(program, argv, place), call.input ?? '', signal),
      )
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error
      const message = `Cannot talk to the tmux server: no answer within ${CALL_TIMEOUT_MS} ms`
      const hint = 'Run "orch doctor"'
      throw new OrchError('TIMEOUT', message, { hint, outcome: 'unknown', cause: error })
    }
  }

  #start(program: string, argv: readonly string[], place: Place = {}): ChildProcessWithoutNullStreams {
    const env = { PATH: SYSTEM_PATH, ORCH_TMUX_LOGS: this.#setup.logs, ...place.env }
    const child = spawn(program, argv, { cwd: place.cwd ?? '/', env, stdio: 'pipe' })
    if (child.stdin !== undefined) return child
    child.on('error', () => {})
    throw cannotRun(program, { code: 'EMFILE', name: 'Error', message: 'too many open files' })
  }
}

function collectOutput(child: ChildProcessWithoutNullStreams, input: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const onAbort = (): void => void child.kill('SIGKILL')
    const settle = (finish: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      finish()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', (cause) => settle(() => reject(cannotRun(child.spawnfile, cause))))
    child.on('close', (code) => settle(() => resolve({ code, stdout: textOf(stdout), stderr: textOf(stderr) })))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    // barrier: tmux-called
  })
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString()
}

function cannotRun(program: string, cause: NodeJS.ErrnoException): OrchError {
  const denied = cause.code === 'EACCES' || cause.code === 'EPERM'
  const code = denied ? 'PERMISSION_DENIED' : 'BACKEND_ERROR'
  const message = `Cannot run "${program}": ${cause.code ?? cause.message}`
  return new OrchError(code, message, { hint: 'Run "orch doctor"', cause })
}
