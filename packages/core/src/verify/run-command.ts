import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { DeadlineError, monotonicMs, TIMING, withDeadline } from '../timing.ts'

/** A command to run to its end. */
export interface Command {
  readonly words: readonly string[]
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
  /** Gets what it writes to stdout and stderr, in the order in which it was written. */
  onOutput(bytes: Buffer): void
  readonly signal?: AbortSignal | undefined
}

/** How a command ended. `exitCode` and `signal` are both `null` when it could not be started. */
export interface CommandEnd {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly durationMs: number
}

/**
 * Becomes the command. Beside it, in its process group, a guard waits for the other end of descriptor 3 to close, as it does when
 * orch ends in any way, and then kills the group.
 */
const GUARDED = '{ read -r end <&3; kill -KILL 0; } >/dev/null 2>&1 & exec "$@" 2>&1 3<&-'

/**
 * Runs a command in a process group of its own and leaves nothing of that group running: not at its end, not when its time is over,
 * not at abort, and not when this process is killed. Its standard input is empty; no shell reads its words.
 */
export async function runCommand(command: Command): Promise<CommandEnd> {
  const { words, directory, env, timeoutMs, signal } = command
  signal?.throwIfAborted()
  const from = monotonicMs()
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', ...words], {
    cwd: directory,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  })
  const lifeline = child.stdio[3] as Socket
  lifeline.on('error', () => {})
  child.stdout?.on('data', (bytes: Buffer) => command.onOutput(bytes))
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  const timedOut = await withDeadline(timeoutMs, signal, () => ended).then(
    () => false,
    async (error: unknown) => {
      if (child.pid === undefined) return false
      await endGroup(child, ended)
      if (error instanceof DeadlineError) return true
      throw error
    },
  )
  const [exitCode, by] = await ended.catch(() => [null, null] as const)
  killGroup(child, 'SIGKILL')
  lifeline.destroy()
  await drained(child)
  return { exitCode, signal: by, timedOut, durationMs: Math.round(monotonicMs() - from) }
}

/** Asks the group to end, and then makes it. */
async function endGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  killGroup(child, 'SIGTERM')
  await withDeadline(TIMING.commandGraceMs, undefined, () => ended).catch(() => {})
  killGroup(child, 'SIGKILL')
  await ended
}

/** What left the group may hold its output open for ever: that is not waited for. */
async function drained(child: ChildProcess): Promise<void> {
  const { stdout } = child
  if (stdout === null || stdout.closed || child.pid === undefined) return
  await withDeadline(TIMING.commandGraceMs, undefined, () => once(stdout, 'close')).catch(() => stdout.destroy())
}

function killGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody is left in it.
  }
}
