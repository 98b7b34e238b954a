import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { identifyProcess } from '@orch/core'

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

/** Running processes whose environment holds this variable with this value. Sees none without `/proc`. */
export function processesWith(name: string, value: string): FoundProcess[] {
  const wanted = `${name}=${value}`
  return processIds().flatMap((pid) => {
    const environment = readOrNull(`/proc/${pid}/environ`)
    if (!environment?.split('\0').includes(wanted) || identifyProcess(pid) === null) return []
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

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
