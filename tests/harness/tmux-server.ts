import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type ProcessInfo, processInfo } from './processes.ts'

const run = promisify(execFile)

/** A tmux server that somebody started, seen with the real tmux through its socket. */
export interface TmuxServer {
  /** Runs one tmux command and resolves to its trimmed stdout; rejects when there is no server. */
  tmux(...args: string[]): Promise<string>
  /** The names of all windows, the agents' ids among them; `[]` when there is no server. */
  windows(): Promise<string[]>
  /** The server's process; `undefined` when there is none. */
  process(): Promise<ProcessInfo | undefined>
}

/** Looks at the tmux server behind a socket; starts nothing. */
export function tmuxServer(socket: string): TmuxServer {
  const tmux = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('tmux', ['-S', socket, '-u', ...args], { env: { PATH: process.env.PATH } })
    return stdout.trim()
  }
  return {
    tmux,
    windows: () =>
      tmux('list-windows', '-a', '-F', '#{window_name}').then(
        (names) => names.split('\n'),
        () => [],
      ),
    process: () =>
      tmux('display-message', '-p', '#{pid}').then(
        (pid) => processInfo(Number(pid)),
        () => undefined,
      ),
  }
}
