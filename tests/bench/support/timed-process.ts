import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../harness/eventually.ts'

/** What stands around a process. */
export interface ProcessOptions {
  /** The complete environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** What it reads from stdin; `@default` nothing. */
  readonly input?: string
}

/** A process that ended well. */
export interface TimedRun {
  /** From just before it was started until it had ended and its output was read. */
  readonly ms: number
  readonly stdout: string
}

/** Runs a program to its end. @throws Error when it does not exit with 0. */
export async function timeProcess(argv: readonly string[], options: ProcessOptions): Promise<TimedRun> {
  const before = performance.now()
  const child = start(argv, options)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  await once(child, 'close')
  const ms = performance.now() - before
  if (child.exitCode !== 0)
    throw new Error(
      `Cannot time "${argv.join(' ')}": it ended with ${child.exitCode ?? child.signalCode}\n${stderr()}${stdout()}`,
    )
  return { ms, stdout: stdout() }
}

/** How long a program takes to print its first byte, in milliseconds; then it is ended. */
export async function timeFirstByte(argv: readonly string[], options: ProcessOptions): Promise<number> {
  const before = performance.now()
  const child = start(argv, options)
  const stderr = collect(child.stderr)
  const closed = once(child, 'close')
  const byte = new Promise<number>((resolve) => child.stdout?.once('data', () => resolve(performance.now() - before)))
  const ms = await Promise.race([byte, closed.then(() => null)])
  child.kill('SIGTERM')
  await closed
  if (ms !== null) return ms
  throw new Error(`Cannot time "${argv.join(' ')}": it printed nothing\n${stderr()}`)
}

/** A process that waits for something. */
export interface Waiter {
  readonly pid: number
  /** Resolves to `performance.now()` when it ended. @throws Error when it did not exit with 0, or within 30 seconds. */
  ended(): Promise<number>
  /** Ends it and resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts a program that waits. */
export function startWaiter(argv: readonly string[], options: ProcessOptions): Waiter {
  const child = start(argv, options)
  const stderr = collect(child.stderr)
  const closed = once(child, 'close')
  let endedAt: number | null = null
  child.stdout?.resume()
  child.once('exit', () => {
    endedAt = performance.now()
  })
  return {
    pid: child.pid as number,
    async ended() {
      const at = await eventually(() => endedAt, {
        timeoutMs: 30_000,
        what: `the end of "${argv.slice(0, 4).join(' ')}"`,
      })
      if (child.exitCode === 0) return at
      throw new Error(`Cannot wait: it ended with ${child.exitCode ?? child.signalCode}\n${stderr()}`)
    },
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** Starts a program whose output is handed on as it comes. */
export function startReading(
  argv: readonly string[],
  options: ProcessOptions,
  onText: (text: string) => void,
): Pick<Waiter, 'pid' | 'kill'> {
  const child = start(argv, options)
  const closed = once(child, 'close')
  child.stdout?.setEncoding('utf8').on('data', onText)
  child.stderr?.resume()
  return {
    pid: child.pid as number,
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** The command line of a script of this folder. */
export function script(path: string, ...args: readonly string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(`../${path}`, import.meta.url)), ...args]
}

/** The least that any command costs. */
export const BARE_NODE: readonly string[] = [process.execPath, '-e', '0']

const running = new Set<ChildProcess>()

/** Ends everything that still runs, and resolves when it is gone. */
export async function endProcesses(): Promise<void> {
  const left = [...running]
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => once(child, 'close')))
}

function start([program = '', ...args]: readonly string[], { env, cwd, input }: ProcessOptions): ChildProcess {
  const child = spawn(program, args, { env, cwd, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  running.add(child)
  child.once('close', () => running.delete(child))
  child.stdin?.on('error', () => {}).end(input)
  return child
}

function collect(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
