import { readdirSync, readFileSync } from 'node:fs'
import { type ProcessStat, parseStat } from '../parse.ts'

/** Whether this system shows processes as files. Without it nothing can be proven about them. */
export function hasProc(): boolean {
  return processStat(process.pid) !== null
}

/** A process that runs; `null` for one that is gone or only a zombie. */
export function processStat(pid: number): ProcessStat | null {
  const stat = parseStat(readProc(`/proc/${pid}/stat`))
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat
}

/** Whether exactly this process still runs, not a later one with its pid. */
export function isSameProcess(known: ProcessStat): boolean {
  return processStat(known.pid)?.started === known.started
}

/** The ids of every process. */
export function allPids(): number[] {
  return (ifThere(() => readdirSync('/proc')) ?? []).map(Number).filter(Number.isInteger)
}

/** Every process that runs. */
export function allProcesses(): ProcessStat[] {
  return allPids()
    .map(processStat)
    .filter((stat) => stat !== null)
}

/** One variable of the environment a process was started with; `null` when it has none or is another user's. */
export function variableOf(pid: number, name: string): string | null {
  const environ = `\0${readProc(`/proc/${pid}/environ`)}`
  const prefix = `\0${name}=`
  const at = environ.indexOf(prefix)
  return at < 0 ? null : (environ.slice(at + prefix.length).split('\0', 1)[0] as string)
}

/** The values that the running processes have for a variable, each with its processes: one pass for all of them. */
export function processesBy(variable: string): Map<string, ProcessStat[]> {
  const byValue = new Map<string, ProcessStat[]>()
  for (const stat of allProcesses()) {
    const value = variableOf(stat.pid, variable)
    if (value === null) continue
    byValue.set(value, [...(byValue.get(value) ?? []), stat])
  }
  return byValue
}

/** When a process started, in seconds since 1970, to the nearest tick; `null` when it cannot be known. */
export function startSeconds(stat: ProcessStat): number | null {
  const boot = /^btime (\d+)$/m.exec(readProc('/proc/stat'))
  const ticksPerSecond = 100
  return boot === null ? null : Number(boot[1]) + stat.started / ticksPerSecond
}

/**
 * The text of a file of `/proc`, empty when it is not there or not for us. It is read at once: no disk is waited for, and the
 * asynchronous way takes half a megabyte of memory for each file whose length is not known.
 */
export function readProc(path: string): string {
  return ifThere(() => readFileSync(path, 'utf8')) ?? ''
}

/** What cannot be looked at for another reason than these must never look like a process that is gone. */
function ifThere<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

/** Sends a signal; `false` when it may not be sent. A process that is gone is fine. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
