import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { wholeLines } from './whole-lines.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const require = createRequire(import.meta.url)

/** The built command line, as users get it. */
export const orchProgram: string = join(dirname(require.resolve('@orch/cli/package.json')), 'bin', 'orch.js')

/** What stands around one run of orch. */
export interface OrchOptions {
  /** The complete environment; nothing is inherited. */
  env: Record<string, string>
  /** Where it is started. */
  cwd: string
  /** What it reads from stdin; `@default` nothing. */
  input?: string
  /** A CommonJS file that node loads before orch, to watch or disturb it. */
  preload?: string
  /** Another build or copy of the command line; `@default` the one that users get. */
  program?: string
  /** It is killed with SIGKILL after so many milliseconds, unless it has ended; `@default` never. */
  killAfterMs?: number
  /** The user (and group) it runs as; only root may say so. `@default` the own one. */
  uid?: number
}

/** What a finished run of orch left. */
export interface OrchRun {
  /** `null` when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** The document on stdout, or the error document on stderr; `undefined` when neither is one JSON document. */
  json: unknown
}

/** A run of orch that goes on. */
export interface OrchProcess extends AsyncDisposable {
  pid: number
  /** Everything printed so far. */
  stdout(): string
  stderr(): string
  /** The JSON values printed so far, one per line; a line that is not finished is left out. */
  lines<T = Record<string, unknown>>(): T[]
  /** Whether it has ended. */
  ended(): boolean
  /** Resolves when it has ended and everything it printed was read. */
  result(): Promise<OrchRun>
  kill(signal: NodeJS.Signals): void
}

/** Runs the built orch to its end. Throws when it is not what the sources say. */
export async function orch(args: readonly string[], options: OrchOptions): Promise<OrchRun> {
  return (await startOrch(args, options)).result()
}

/** Starts the built orch. Throws when it is not what the sources say. Disposing it kills it. */
export async function startOrch(args: readonly string[], options: OrchOptions): Promise<OrchProcess> {
  const { env, cwd, input = '', preload, program, killAfterMs, uid } = options
  if (program === undefined) await assertBuilt()
  const child = spawn(process.execPath, [...(preload ? ['--require', preload] : []), program ?? orchProgram, ...args], {
    env,
    cwd,
    ...(killAfterMs === undefined ? {} : { timeout: killAfterMs, killSignal: 'SIGKILL' }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const closed = once(child, 'close')
  await once(child, 'spawn')
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid as number,
    stdout,
    stderr,
    lines: () => wholeLines(stdout()).map((line) => JSON.parse(line)),
    ended,
    kill: (signal) => void child.kill(signal),
    async result() {
      await closed
      return { code: child.exitCode, signal: child.signalCode, ...printed(stdout(), stderr()) }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await eventually(ended, { what: `the end of orch ${args.join(' ')}` })
    },
  }
}

function collect(stream: ChildProcessWithoutNullStreams['stdout']): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

function printed(stdout: string, stderr: string): Pick<OrchRun, 'stdout' | 'stderr' | 'json'> {
  return { stdout, stderr, json: parsed(stdout) ?? parsed(stderr) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const run = promisify(execFile)
let check: Promise<void> | undefined

function assertBuilt(): Promise<void> {
  check ??= checkBuild()
  return check
}

/** tsc itself says whether each output is what its sources give; times of files say nothing after a restored build. */
async function checkBuild(): Promise<void> {
  const args = ['-b', '--dry', 'packages/cli']
  const { stdout } = await run(`${root}node_modules/.bin/tsc`, args, { cwd: root })
  const stale = stdout.split('\n').filter((line) => line.includes('Project') && !line.includes('is up to date'))
  await run(process.execPath, [`${root}packages/cli/build.mjs`, '--check']).catch(() => stale.push('the bundle'))
  if (stale.length === 0) return
  throw new Error(`Cannot test orch: its build is older than its sources; run "npm run build"\n${stale.join('\n')}`)
}
