import { readdir, readFile } from 'node:fs/promises'
import { type ProcessStat, parseStat } from '../parse.ts'

/** Whether this system shows processes as files. Without it nothing can be proven about them. */
export async function hasProc(): Promise<boolean> {
  return (await processStat(process.pid)) !== null
}

/** A process that runs; `null` for one that is gone or only a zombie. */
export async function processStat(pid: number): Promise<ProcessStat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const stat = parseStat(text)
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat
}

/** Whether exactly this process still runs, not a later one with its pid. */
export async function isSameProcess(known: ProcessStat): Promise<boolean> {
  return (await processStat(known.pid))?.started === known.started
}

/** Every process that runs. */
export async function allProcesses(): Promise<ProcessStat[]> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  const stats = await Promise.all(pids.map(processStat))
  return stats.filter((stat) => stat !== null)
}

/** One variable of the environment a process was started with; `null` when it has none or is another user's. */
export async function variableOf(pid: number, name: string): Promise<string | null> {
  const environ = await readFile(`/proc/${pid}/environ`).catch(() => Buffer.alloc(0))
  const prefix = `${name}=`
  const entry = environ
    .toString()
    .split('\0')
    .find((variable) => variable.startsWith(prefix))
  return entry === undefined ? null : entry.slice(prefix.length)
}

/** The values that the running processes have for a variable, each with its processes: one pass for all of them. */
export async function processesBy(variable: string): Promise<Map<string, ProcessStat[]>> {
  const byValue = new Map<string, ProcessStat[]>()
  const stats = await allProcesses()
  const values = await Promise.all(stats.map((stat) => variableOf(stat.pid, variable)))
  for (const [index, value] of values.entries()) {
    const stat = stats[index]
    if (value === null || stat === undefined) continue
    byValue.set(value, [...(byValue.get(value) ?? []), stat])
  }
  return byValue
}

/** When a process started, in seconds since 1970, to the nearest tick; `null` when it cannot be known. */
export async function startSeconds(stat: ProcessStat): Promise<number | null> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => '')
  const boot = /^btime (\d+)$/m.exec(text)
  const ticksPerSecond = 100
  return boot === null ? null : Number(boot[1]) + stat.started / ticksPerSecond
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
