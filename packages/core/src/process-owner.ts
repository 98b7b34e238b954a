import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process that is at something, told apart from every other one on every machine. */
export interface ProcessOwner {
  readonly host: string
  /** `/proc/sys/kernel/random/boot_id`; `null` where the system has none. */
  readonly bootId: string | null
  readonly pid: number
  /** Field 22 of `/proc/PID/stat`, clock ticks since boot; `null` where the system has none. */
  readonly startTime: string | null
  /** `/proc/self/ns/pid`: where `pid` means this process, as each container has its own. Left out where the system has none. */
  readonly pidNamespace?: string
}

/** In place of a start time: it gave up what it was at, which counts as gone wherever it is read. */
const GAVE_UP = 'given back'

/** This process. */
export function currentOwner(): ProcessOwner {
  return ownerOf(process.pid, readBootId(), readStartTime(process.pid))
}

/** The same process as one that is not at it any more. */
export function asGivenUp(owner: ProcessOwner): ProcessOwner {
  return { ...owner, startTime: GAVE_UP }
}

/** Who `pid` is now; `null` when it has ended. */
export function identifyProcess(pid: number): ProcessOwner | null {
  const bootId = readBootId()
  const startTime = readStartTime(pid)
  if (startTime === null && (bootId !== null || !answersSignal(pid))) return null
  return ownerOf(pid, bootId, startTime)
}

/** Whether exactly that process still runs; `unknown` when it cannot be seen from here: on another host, in another container. */
export function ownerLiveness(owner: ProcessOwner): 'alive' | 'gone' | 'unknown' {
  if (owner.startTime === GAVE_UP) return 'gone'
  if (owner.host !== hostname()) return 'unknown'
  if (owner.bootId !== null && owner.bootId !== readBootId()) return 'gone'
  if (owner.pidNamespace !== undefined && owner.pidNamespace !== readPidNamespace()) return 'unknown'
  if (owner.startTime !== null) return readStartTime(owner.pid) === owner.startTime ? 'alive' : 'gone'
  return answersSignal(owner.pid) ? 'alive' : 'gone'
}

/** A process whose liveness is `unknown`, for people. */
export function ownerElsewhere({ pid, host }: ProcessOwner): string {
  return `process ${pid} on host "${host}", in another container or on another machine`
}

function ownerOf(pid: number, bootId: string | null, startTime: string | null): ProcessOwner {
  const pidNamespace = readPidNamespace()
  return { host: hostname(), bootId, pid, startTime, ...(pidNamespace === undefined ? {} : { pidNamespace }) }
}

function readPidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined
  }
}

function answersSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readBootId(): string | null {
  return readOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? null
}

/** A zombie has ended and counts as not there, but only once its last thread is gone: until then its port is taken. */
function readStartTime(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads, startTime] = [fields[0], Number(fields[17]), fields[19]]
  const hasEnded = state === 'X' || (state === 'Z' && threads <= 1)
  return hasEnded ? null : (startTime ?? null)
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
