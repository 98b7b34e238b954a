import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../harness/eventually.ts'
import { killProcesses, type ProcessInfo } from '../../harness/processes.ts'
import { tmuxServer } from '../../harness/tmux-server.ts'
import type { Place } from './place.ts'

const run = promisify(execFile)

/** A terminal with one program in it, 120 by 40; it is there as long as the program runs. */
export interface Terminal extends AsyncDisposable {
  /** What a person sees now. */
  screen(): Promise<string>
  /** Presses keys, by their names in tmux. */
  press(...keys: string[]): Promise<void>
  /** The terminal's own process; `undefined` once its program has ended. */
  process(): Promise<ProcessInfo | undefined>
}

/** Runs a program in the project of a place, in a terminal of its own. */
export async function openTerminal(place: Place, ...words: string[]): Promise<Terminal> {
  const socket = join(place.env.HOME as string, `terminal-${randomUUID().slice(0, 8)}`)
  const size = ['-x', '120', '-y', '40']
  await run('tmux', ['-S', socket, '-f', '/dev/null', 'new-session', '-d', ...size, ...words], {
    env: { ...place.env, TERM: 'xterm-256color' },
    cwd: place.project,
  })
  const { tmux, process } = tmuxServer(socket)
  return {
    screen: () => tmux('capture-pane', '-p'),
    async press(...keys) {
      await tmux('send-keys', ...keys)
    },
    process,
    async [Symbol.asyncDispose]() {
      const left = await process()
      if (left !== undefined) await killProcesses([left])
      await eventually(async () => (await process()) === undefined, { what: 'the end of a terminal' })
    },
  }
}
