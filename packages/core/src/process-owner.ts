import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process that is at something, told apart from every other one on every machine. */
export interface ProcessOwner {
  readonly host: string
  /** `/proc/sys/kernel/random/boot_id`; `null` where the system has none. */
  readonly bootId: string | null
  readonly pid: number
  /** Field 22 of `/proc/PID/stat`, clock ticks since boot; `null` where the system has none. */
  readonly startTime: string | null
}

/** This process. */
export function currentOwner(): ProcessOwner {
  return { host: hostname(), bootId: readBootId(), pid: process.pid, startTime: readStartTime(process.pid) }
}

/** Whether that process still runs; `unknown` when it cannot be seen from here. */
export function ownerLiveness(owner: ProcessOwner): 'alive' | 'gone' | 'unknown' {
  if (owner.host !== hostname()) return 'unknown'
  if (owner.bootId !== null && owner.bootId !== readBootId()) return 'gone'
  if (owner.startTime !== null) return readStartTime(owner.pid) === owner.startTime ? 'alive' : 'gone'
  try {
    process.kill(owner.pid, 0)
    return 'alive'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'alive'
  }
}

function readBootId(): string | null {
  return readOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? null
}

/** A zombie has ended: it counts as not there. */
function readStartTime(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
