import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Place } from './place.ts'

/** The options of node that run a source file. */
export const FROM_SOURCE: readonly string[] = ['--conditions=@orch/source', '--import', import.meta.resolve('tsx')]

/** The file that `orch` runs from source. */
export const MAIN: string = sourceFile('main.ts')

/** The absolute path of a file below `packages/cli/src`. */
export function sourceFile(path: string): string {
  return fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
}

/** What a finished process left. `signal` is set when one ended it. */
export interface Finished {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts a source file of the CLI as a process in the project of `place`. */
export function startScript(place: Place, file: string, words: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...FROM_SOURCE, file, ...words], { cwd: place.project, env: place.env })
}

/** Waits for the end of a process. */
export async function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ])
  return { code, signal, stdout, stderr }
}

/** Runs `orch` from source as a process with `input` on stdin. */
export async function runOrch(place: Place, words: readonly string[], input = ''): Promise<Finished> {
  const child = startScript(place, MAIN, words)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return finished(child)
}
