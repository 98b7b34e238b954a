import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OrchRun } from '../../harness/orch.ts'
import type { Place } from './place.ts'
import { programFile } from './program.ts'

/** A run of orch and the processes that it started. */
export interface CountedRun extends OrchRun {
  /** The command line of every process that node started. */
  processes: string[][]
  /** The arguments of every tmux that really ran, as the tmux on PATH saw them. */
  tmuxRuns: string[]
}

/**
 * Runs orch from a cold process with a tmux on PATH that writes down each call before it becomes the real one, and with
 * node writing down each process it starts.
 */
export async function countedRun(place: Place, ...args: string[]): Promise<CountedRun> {
  const folder = join(place.env.HOME as string, 'counted')
  const [processes, runs, tmux] = ['processes', 'runs', 'bin/tmux'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await mkdir(join(folder, 'bin'), { recursive: true })
  await rm(processes, { force: true })
  await rm(runs, { force: true })
  const [, real = ''] = /^(\S+)$/m.exec(await whichTmux(place)) ?? []
  await writeFile(tmux, `#!/bin/sh\nprintf '%s\\n' "$*" >>'${runs}'\nexec '${real}' "$@"\n`)
  await chmod(tmux, 0o700)
  const env = { PATH: `${join(folder, 'bin')}:${place.env.PATH}`, ORCH_TEST_PROCESSES: processes }
  const run = await place.orchWith({ env, preload: programFile('log-processes.cjs') }, ...args)
  return {
    ...run,
    processes: (await linesOf(processes)).map((line) => JSON.parse(line) as string[]),
    tmuxRuns: await linesOf(runs),
  }
}

async function whichTmux(place: Place): Promise<string> {
  for (const folder of (place.env.PATH ?? '').split(':')) {
    const file = join(folder, 'tmux')
    if (await readFile(file).then(Boolean, () => false)) return file
  }
  throw new Error('Cannot find tmux: it is not on PATH')
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}
