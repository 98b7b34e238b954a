import { type ChildProcess, spawn } from 'node:child_process'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A script of this folder in one file, so that many processes of it start at once without much work. */
export interface BundledScript {
  /** Runs it in a process of its own, in the folder it was bundled into. */
  start(args: readonly string[], env: Record<string, string>): RunningScript
}

/** A process of a bundled script. */
export interface RunningScript {
  readonly child: ChildProcess
  /** When it has printed its first line. */
  readonly ready: Promise<void>
  /** Ends its input. */
  go(): void
  /** What it printed, when it has ended with code 0; rejects otherwise. */
  readonly output: Promise<string>
}

/** Bundles a script into `folder`. */
export async function bundleScript(script: URL, folder: string): Promise<BundledScript> {
  const path = fileURLToPath(script)
  const outfile = join(folder, `${basename(path, '.ts')}.mjs`)
  await build({
    entryPoints: [path],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@orch/source'],
    logLevel: 'silent',
  })
  return { start: (args, env) => run(spawn(process.execPath, [outfile, ...args], { cwd: folder, env })) }
}

function run(child: ChildProcess): RunningScript {
  let isReady = (): void => {}
  const ready = new Promise<void>((resolve) => {
    isReady = resolve
  })
  const output = new Promise<string>((resolve, reject) => {
    let printed = ''
    let complaints = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      isReady()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints += text
    })
    child.on('close', (code) =>
      code === 0 ? resolve(printed) : reject(new Error(`it ended with ${code}: ${complaints}`)),
    )
  })
  output.catch(() => {})
  return { child, ready, go: () => child.stdin?.end(), output }
}
