import type { ChildProcessWithoutNullStreams } from 'node:child_process'

/** A connection to a tmux server that says nothing after its first line, and ends with the server. */
export interface Connection {
  /** Resolves to `true` once it stands, to `false` when it ended before. */
  readonly standing: Promise<boolean>
  /** Resolves when its process is gone: the server ended, somebody killed it, or `end` was called. */
  readonly ended: Promise<void>
  end(): void
}

/** The connection that a process holds, until its stdin is closed. One process for each server, none for each agent. */
export function connectionOf(child: ChildProcessWithoutNullStreams): Connection {
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve())
    child.on('error', () => resolve())
  })
  const said = new Promise<boolean>((resolve) => child.stdout.once('data', () => resolve(true)))
  child.stderr.resume()
  child.stdin.on('error', () => {})
  return {
    standing: Promise.race([said, ended.then(() => false)]),
    ended,
    end: () => void child.kill('SIGKILL'),
  }
}
