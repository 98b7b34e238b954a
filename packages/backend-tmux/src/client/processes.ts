import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
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

/** Whether a process has ended, and its parent, which is this one, has not asked how. */
export function isZombieOf(pid: number, parent: number): boolean {
  const stat = parseStat(readProc(`/proc/${pid}/stat`))
  return stat?.state === 'Z' && stat.parent === parent
}

/** The processes that this one started and that still run, as far as the system shows them. */
export function childrenOf(pid: number): number[] {
  return readProc(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

/** Whether exactly this process still runs, not a later one with its pid. */
export function isSameProcess(known: ProcessStat): boolean {
  return processStat(known.pid)?.started === known.started
}

/** The ids of every process. */
export function allPids(): number[] {
  return (ifThere(() => readdirSync('/proc')) ?? []).map(Number).filter(Number.isInteger)
}

/** The processes that run, as one look showed them. */
export interface ProcessTable {
  readonly stats: readonly ProcessStat[]
  /** A variable, named `ORCH_…`, that a process was started with; `null` when it has none or is another user's. */
  variable(pid: number, name: string): string | null
}

let nextLook: Promise<ProcessTable> | null = null

/** One look at all processes, begun after the call and shared by all who ask for one before it begins. */
export function lookAtProcesses(): Promise<ProcessTable> {
  nextLook ??= new Promise((resolve) => setImmediate(resolve)).then(() => {
    nextLook = null
    return readTable()
  })
  return nextLook
}

/** The values that the running processes have for a variable, each with its processes. */
export async function processesBy(variable: string): Promise<Map<string, ProcessStat[]>> {
  const byValue = new Map<string, ProcessStat[]>()
  const table = await lookAtProcesses()
  for (const stat of table.stats) {
    const value = table.variable(stat.pid, variable)
    if (value !== null) byValue.set(value, [...(byValue.get(value) ?? []), stat])
  }
  return byValue
}

/** Whether this process runs and was started with this value of a variable, named `ORCH_…`. */
export function hasVariable(pid: number, name: string, value: string): boolean {
  return processStat(pid) !== null && orchVariables(pid).includes(`${name}=${value}`)
}

function readTable(): ProcessTable {
  const own = new Map<number, readonly string[]>()
  return {
    stats: allPids().flatMap((pid) => processStat(pid) ?? []),
    variable(pid, name) {
      const variables = own.get(pid) ?? orchVariables(pid)
      own.set(pid, variables)
      const prefix = `${name}=`
      return variables.find((variable) => variable.startsWith(prefix))?.slice(prefix.length) ?? null
    },
  }
}

function orchVariables(pid: number): readonly string[] {
  const environ = readProc(`/proc/${pid}/environ`)
  return environ.split('\0').filter((variable) => variable.startsWith('ORCH_'))
}

/** When a process started, in seconds since 1970, to the nearest tick; `null` when it cannot be known. */
export function startSeconds(stat: ProcessStat): number | null {
  const boot = /^btime (\d+)$/m.exec(readProc('/proc/stat'))
  const ticksPerSecond = 100
  return boot === null ? null : Number(boot[1]) + stat.started / ticksPerSecond
}

/** Where a process works; `null` when it is gone or not for us to see. */
export function workingDirectory(pid: number): string | null {
  return ifThere(() => readlinkSync(`/proc/${pid}/cwd`))
}

/** Whether a process holds this file open, as far as the system shows. */
export function holdsOpen(pid: number, path: string): boolean {
  const files = ifThere(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  return files.some((file) => ifThere(() => readlinkSync(`/proc/${pid}/fd/${file}`)) === path)
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
