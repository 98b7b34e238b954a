/** What a program notes of itself in a file, which it does not document: it counts only where no hook tells more. */
export interface ProgramStatus {
  readonly status: 'idle' | 'busy' | 'waiting'
  /** Since when, milliseconds since 1970. */
  readonly at: number
  /** What it waits for, in its own words. */
  readonly waitingFor: string | null
}

/** With when the process that wrote it started, in clock ticks after boot. */
interface NotedStatus extends ProgramStatus {
  readonly procStart: string
}

/**
 * Reads Claude Code's `sessions/PID.json`. It stays when the process is killed: it counts only for the process that wrote it.
 * @param started when that process started, in clock ticks after boot
 */
export function parseProgramStatus(text: string, started: number): ProgramStatus | null {
  const noted = parseNotedStatus(text)
  if (noted === null || noted.procStart !== String(started)) return null
  const { status, at, waitingFor } = noted
  return { status, at, waitingFor }
}

/** Reads it, whoever wrote it. */
export function parseNotedStatus(text: string): NotedStatus | null {
  try {
    const { status, statusUpdatedAt, procStart, waitingFor } = JSON.parse(text) as Record<string, unknown>
    if (typeof statusUpdatedAt !== 'number') return null
    if (status !== 'idle' && status !== 'busy' && status !== 'waiting') return null
    return {
      ...{ status, at: statusUpdatedAt, procStart: String(procStart) },
      waitingFor: typeof waitingFor === 'string' ? waitingFor : null,
    }
  } catch {
    return null
  }
}
