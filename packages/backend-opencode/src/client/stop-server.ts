import { type Evidence, OrchError, ownerLiveness, recheck } from '@orch/core'
import { type FoundProcess, processesWith, sendSignal } from './process.ts'
import { epochOf, type ServerRecord } from './server-file.ts'

/** How long each signal has to work, in milliseconds. The server swallows one while it installs in the background. */
const PATIENCE_MS = 2_000

/**
 * Ends a recorded server: TERM, TERM, KILL, then the proof.
 * @returns what was seen, and which of its children outlived it.
 * @throws OrchError `BACKEND_ERROR` when it is still there after KILL, `BACKEND_UNREACHABLE` on another machine.
 */
export async function endServer(record: ServerRecord, signal: AbortSignal): Promise<readonly Evidence[]> {
  const { pid, host } = record.process
  if (ownerLiveness(record.process) === 'unknown') {
    throw new OrchError(
      'BACKEND_UNREACHABLE',
      `Cannot stop the OpenCode server: it was started on host "${host}", on another machine or in another container`,
      {
        hint: `Run orch where process ${pid} of that host is seen`,
      },
    )
  }
  const used: string[] = []
  for (const name of ['SIGTERM', 'SIGTERM', 'SIGKILL'] as const) {
    if (ownerLiveness(record.process) !== 'alive') break
    sendSignal(pid, name)
    used.push(name)
    await recheck(() => (ownerLiveness(record.process) === 'gone' ? true : undefined), {
      timeoutMs: PATIENCE_MS,
      signal,
    })
  }
  if (ownerLiveness(record.process) !== 'gone') {
    throw new OrchError(
      'BACKEND_ERROR',
      `Cannot stop the OpenCode server: process ${pid} is still there after SIGKILL`,
      {
        hint: `Look at process ${pid}`,
        outcome: 'unknown',
      },
    )
  }
  const how = used.length === 0 ? 'had ended before' : `ended after ${used.join(', ')}`
  return [
    seen(`process ${pid} ${how}`),
    ...survivors(record).map(({ pid: left, command }) => seen(leftover(left, command))),
  ]
}

/** Processes that the agents of a server started and that are still there. Told by the password in their environment. */
export function survivors(record: ServerRecord): readonly FoundProcess[] {
  const own = (process: FoundProcess): boolean => process.pid !== record.process.pid
  return processesWith('OPENCODE_SERVER_PASSWORD', record.password).filter(own)
}

/** Proof that a recorded server is over. */
export function overEvidence(record: ServerRecord): Evidence {
  return seen(`process ${record.process.pid} of the OpenCode server ${epochOf(record)} has ended`)
}

function leftover(pid: number, command: string): string {
  return `process ${pid} (${command.slice(0, 80)}), started by an agent of this server, still runs`
}

function seen(detail: string): Evidence {
  return { source: 'process', detail, at: new Date().toISOString() }
}
