import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
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
  /** What it printed, when it has ended with code 0; rejects otherwise. */
  readonly output: Promise<string>
}

/** Bundles a script into `folder`. */
export async function bundleScript(name: string, folder: string): Promise<BundledScript> {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
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
  const output = new Promise<string>((resolve, reject) => {
    let printed = ''
    let complaints = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints += text
    })
    child.on('close', (code) =>
      code === 0 ? resolve(printed) : reject(new Error(`it ended with ${code}: ${complaints}`)),
    )
  })
  output.catch(() => {})
  return { child, output }
}
