import { readdir, readFile } from 'node:fs/promises'
import { eventually } from './eventually.ts'

/** A living process, as `/proc` shows it. A zombie has ended and is none. */
export interface ProcessInfo {
  pid: number
  parentPid: number
  session: number
  /** Clock ticks since boot; with the pid it identifies a process. */
  startTime: string
  /** Arguments, the program first; empty for a kernel thread. */
  argv: string[]
  environment: Record<string, string>
}

/** All living processes that this user may look at. */
async function processes(): Promise<ProcessInfo[]> {
  const names = await readdir('/proc')
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => processInfo(Number(name))))
  return found.filter((info) => info !== undefined)
}

/** Looks at one process; `undefined` when it has ended, is a zombie, or belongs to somebody else. */
export async function processInfo(pid: number): Promise<ProcessInfo | undefined> {
  try {
    const [stat, argv, environment] = await Promise.all(
      ['stat', 'cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    )
    const afterName = (stat as string).slice((stat as string).lastIndexOf(')') + 2).split(' ')
    const [state, parentPid] = afterName
    if (state === 'Z' || state === 'X') return undefined
    return {
      pid,
      parentPid: Number(parentPid),
      session: Number(afterName[3]),
      startTime: afterName[19] as string,
      argv: nullSeparated(argv),
      environment: Object.fromEntries(nullSeparated(environment).map(splitVariable)),
    }
  } catch {
    return undefined
  }
}

/** Living processes whose environment holds this variable, with this value when one is given. */
export async function processesWithEnvironment(name: string, value?: string): Promise<ProcessInfo[]> {
  const all = await processes()
  return all.filter(({ environment }) =>
    value === undefined ? Object.hasOwn(environment, name) : environment[name] === value,
  )
}

/** Living processes whose command line, arguments joined by one space, matches. This process is left out. */
export async function processesMatching(pattern: string | RegExp): Promise<ProcessInfo[]> {
  const all = await processes()
  return all.filter(({ pid, argv }) => {
    const line = argv.join(' ')
    return pid !== process.pid && (typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line))
  })
}

/** Living children of a process, their children, and so on. */
export async function descendantsOf(pid: number): Promise<ProcessInfo[]> {
  const all = await processes()
  const childrenOf = (parent: number): ProcessInfo[] => all.filter((info) => info.parentPid === parent)
  const collect = (parent: number): ProcessInfo[] =>
    childrenOf(parent).flatMap((child) => [child, ...collect(child.pid)])
  return collect(pid)
}

/** Whether exactly this process, not a later one with its pid, is still alive. */
export async function isAlive({ pid, startTime }: Pick<ProcessInfo, 'pid' | 'startTime'>): Promise<boolean> {
  return (await processInfo(pid))?.startTime === startTime
}

/**
 * Sends SIGKILL to these processes and resolves when all of them are gone. Throws before it ends anything when this
 * process or one of its ancestors is among them: the search that found them was too wide.
 */
export async function killProcesses(victims: ProcessInfo[]): Promise<void> {
  const own = await ancestry(process.pid)
  const mistaken = victims.find(({ pid }) => own.includes(pid))
  if (mistaken) throw new Error(`Cannot end ${victims.length} processes: ${mistaken.pid} is this process or above it`)
  for (const victim of victims) {
    if (await isAlive(victim)) signalProcess(victim.pid, 'SIGKILL')
  }
  for (const victim of victims) {
    await eventually(async () => !(await isAlive(victim)), { what: `the end of process ${victim.pid}` })
  }
}

async function ancestry(pid: number): Promise<number[]> {
  const info = await processInfo(pid)
  return info && pid > 0 ? [pid, ...(await ancestry(info.parentPid))] : [pid]
}

/** Sends a signal; `false` when the process is already gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function nullSeparated(text: string | undefined): string[] {
  return (text ?? '').split('\0').slice(0, -1)
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf('=')
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)]
}
