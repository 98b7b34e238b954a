import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { perFile, type Scope } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'

/** A running program of `test/fixtures`. */
export interface Fixture {
  readonly pid: number
  /** The next line of its stdout, as JSON; rejects when it ended before. */
  answer<T = unknown>(): Promise<T>
  /** One line for its stdin. */
  tell(line: string): void
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>
}

/** How fixtures are started. */
export interface Fixtures {
  /** Bundles `fixtures/NAME.ts` once, so that it starts as fast as plain Node, and gives its file. */
  file(name: string): Promise<string>
  /** Starts one; it is killed when the test ends. */
  start(name: string, args: readonly string[], prefix?: readonly string[]): Promise<Fixture>
}

/** Fixtures of this test file. Call it where `beforeEach` would stand; `scope` ends what a test started. */
export function useFixtures(scope: Scope): Fixtures {
  const whole = perFile()
  const files = new Map<string, Promise<string>>()
  const bundle = async (name: string): Promise<string> => {
    const folder = await whole.use(temporaryFolder())
    const outfile = join(folder.path, `${name}.mjs`)
    const entry = fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url))
    await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
    return outfile
  }
  const file = (name: string): Promise<string> => {
    const before = files.get(name)
    if (before !== undefined) return before
    const made = bundle(name)
    files.set(name, made)
    return made
  }
  return {
    file,
    start: async (name, args, prefix = []) => {
      const [program = '', ...words] = [...prefix, process.execPath, await file(name), ...args]
      return run(scope, program, words)
    },
  }
}

function run(scope: Scope, program: string, words: readonly string[]): Fixture {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
  const child = spawn(program, words, { env })
  scope.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const stderr = text(child.stderr)
  const ended = once(child, 'close').then(async ([code, signal]) => ({ code, signal, stderr: await stderr }))
  return {
    pid: child.pid as number,
    answer: async () => {
      const { value, done } = await lines.next()
      if (!done) return JSON.parse(value)
      throw new Error(`The fixture ended: ${JSON.stringify(await ended)}`)
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    ended,
  }
}
