import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** One process, told apart from every other one on every machine. */
export interface ProcessIdentity {
  readonly host: string
  /** `/proc/sys/kernel/random/boot_id`; `null` where the system has none. */
  readonly bootId: string | null
  readonly pid: number
  /** Field 22 of `/proc/PID/stat`, clock ticks since boot; `null` where the system has none. */
  readonly startTime: string | null
}

/** A running process that was found by its environment. */
export interface FoundProcess {
  readonly pid: number
  /** Its arguments, joined by one space. */
  readonly command: string
  /** Where it works; `null` when that may not be looked at. */
  readonly directory: string | null
}

/** TCP_LISTEN in `/proc/net/tcp`. */
const LISTENING = '0A'

/** Who `pid` is now; `null` when it has ended. */
export function identify(pid: number): ProcessIdentity | null {
  const bootId = readBootId()
  const startTime = readStartTime(pid)
  if (startTime === null && (bootId !== null || !answersSignal(pid))) return null
  return { host: hostname(), bootId, pid, startTime }
}

/** Whether exactly that process still runs; `unknown` when it cannot be seen from here. */
export function liveness(identity: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  if (identity.bootId !== null && identity.bootId === readBootId()) {
    return readStartTime(identity.pid) === identity.startTime ? 'alive' : 'gone'
  }
  if (identity.host !== hostname()) return 'unknown'
  if (identity.bootId !== null) return 'gone'
  return answersSignal(identity.pid) ? 'alive' : 'gone'
}

/** Running processes whose environment holds this variable with this value. Sees none without `/proc`. */
export function processesWith(name: string, value: string): FoundProcess[] {
  const wanted = `${name}=${value}`
  return processIds().flatMap((pid) => {
    const environment = readOrNull(`/proc/${pid}/environ`)
    if (!environment?.split('\0').includes(wanted) || readStartTime(pid) === null) return []
    const command = (readOrNull(`/proc/${pid}/cmdline`) ?? '').split('\0').filter(Boolean).join(' ')
    return [{ pid, command, directory: linkOrNull(`/proc/${pid}/cwd`) }]
  })
}

/** Which of these processes, the oldest first, listens on a loopback port; `null` when that cannot be seen. */
export function listeningProcess(port: number, pids: readonly number[]): number | null {
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = (readOrNull('/proc/net/tcp') ?? '').split('\n').map((row) => row.trim().split(/\s+/))
  const inode = rows.find(([, local, , state]) => local?.endsWith(address) && state === LISTENING)?.[9]
  const ordered = [...pids].sort((one, other) => one - other)
  return ordered.find((pid) => inode !== undefined && openFiles(pid).includes(`socket:[${inode}]`)) ?? null
}

/** Sends a signal; `false` when the process is gone. */
export function sendSignal(pid: number, name: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
  } catch {
    return []
  }
}

function openFiles(pid: number): (string | null)[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => linkOrNull(`/proc/${pid}/fd/${name}`))
  } catch {
    return []
  }
}

function linkOrNull(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
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

function answersSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
