/** What a program notes of itself in a file, which it does not document: it counts only where no hook tells more. */
export interface ProgramStatus {
  readonly status: 'idle' | 'busy' | 'waiting'
  /** Since when, milliseconds since 1970. */
  readonly at: number
  /** What it waits for, in its own words. */
  readonly waitingFor: string | null
}

/**
 * Reads Claude Code's `sessions/PID.json`. It stays when the process is killed: it counts only for the process that wrote it.
 * @param started when that process started, in clock ticks after boot
 */
export function parseProgramStatus(text: string, started: number): ProgramStatus | null {
  try {
    const { status, statusUpdatedAt, procStart, waitingFor } = JSON.parse(text) as Record<string, unknown>
    if (String(procStart) !== String(started) || typeof statusUpdatedAt !== 'number') return null
    if (status !== 'idle' && status !== 'busy' && status !== 'waiting') return null
    return { status, at: statusUpdatedAt, waitingFor: typeof waitingFor === 'string' ? waitingFor : null }
  } catch {
    return null
  }
}
