import type { Readable, Writable } from 'node:stream'

/** A stream the CLI writes to. `isTTY`, `columns` and `rows` are missing where no terminal is behind it. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

/** Everything a command line touches outside of core. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Aborts with a {@link Stopped} on SIGINT, SIGTERM and when nobody reads stdout any more,
   * with an {@link Unwritable} when stdout takes no more.
   */
  readonly signal: AbortSignal
}

/**
 * Whether colours are for whoever reads stdout. As in Node itself `FORCE_COLOR` comes first (`0` and `false` say no), then
 * `NO_COLOR`; else a terminal has them, unless it is a `dumb` one.
 */
export function hasColors({ stdout, env }: Pick<Io, 'stdout' | 'env'>): boolean {
  const forced = env.FORCE_COLOR ?? ''
  if (forced !== '') return forced !== '0' && forced !== 'false'
  return (env.NO_COLOR ?? '') === '' && stdout.isTTY === true && !isDumb(env)
}

/** Whether the terminal understands no control sequence: nothing is drawn there twice. */
export function isDumb({ TERM }: Io['env']): boolean {
  return TERM === 'dumb'
}

/** Why the command line has to end before its work is done; the exit code says it, no text does. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly exitCode: number
  constructor(why: string, exitCode: number) {
    super(why)
    this.exitCode = exitCode
  }
}

/** Why a stream of the process takes no more; `cause` is the error of the operating system. */
export class Unwritable extends Error {
  override readonly name = 'Unwritable'
  /** The agents that the command began to make. */
  begun: readonly string[] = []
  constructor(cause: Error) {
    super(cause.message, { cause })
  }
}

/**
 * The streams, environment and signals of this process. A second signal of the same kind ends it at once. Each stream is opened
 * when it is asked for: that takes Node some milliseconds.
 */
export function processIo(): Io {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new Stopped('interrupted', 130)))
  process.once('SIGTERM', () => stop.abort(new Stopped('terminated', 143)))
  let isHeard = false
  const hearErrors = (): void => {
    if (isHeard) return
    isHeard = true
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      const closed = error.code === 'EPIPE'
      stop.abort(closed ? new Stopped('nobody reads stdout', 0) : new Unwritable(error))
    })
    process.stderr.on('error', () => {})
  }
  return {
    get stdin() {
      return process.stdin
    },
    get stdout() {
      hearErrors()
      return process.stdout
    },
    get stderr() {
      hearErrors()
      return process.stderr
    },
    env: process.env,
    signal: stop.signal,
  }
}
