import { holdsOpen, lookAtProcesses, type ProcessTable, startSeconds, workingDirectory } from './client/processes.ts'
import { AGENT_VARIABLE, RUN_VARIABLE } from './environment.ts'
import type { Handle, ProcessStat } from './parse.ts'

/** How far the system's start time of a process may lie before the true one, and a server's behind it. */
const CLOCK_SECONDS = 2

/** By what the processes of an agent are recognised. */
export interface Traces {
  readonly agent: string
  readonly namespace: string
  readonly handle: Handle | null
  /** Where the agent works. */
  readonly directory: string
  /** The terminal of its window, while that is certainly still the agent's. */
  readonly terminal: string | null
  /** When its wrapper recorded an exit, in milliseconds since 1970; `null` when it did not. */
  readonly exitedAtMs: number | null
}

/** The processes that run, as far as they concern an agent. */
export interface Attributed {
  readonly mine: readonly ProcessStat[]
  /** Started from inside the agent for others: its mark was taken off. */
  readonly forOthers: readonly ProcessStat[]
  /** Unmarked, without terminal and parent, and at work in the agent's directory since it began: whose they are is not known. */
  readonly unclear: readonly ProcessStat[]
}

/**
 * Everything that carries the marks of both a run and the agent, shares the terminal session of the run, or descends from
 * either; and what holds the agent's terminal open though it dropped all its variables. What is `known` from earlier looks
 * stays the agent's: the process that it descended from may have ended meanwhile.
 */
export async function attribute(traces: Traces, known: readonly ProcessStat[]): Promise<Attributed> {
  const table = await lookAtProcesses()
  const stats = table.stats.filter(({ pid }) => pid !== process.pid)
  const isKnown = (stat: ProcessStat): boolean =>
    known.some(({ pid, started }) => pid === stat.pid && started === stat.started)
  const found = new Set(stats.filter((stat) => isKnown(stat) || isTagged(traces, table, stat)).map(({ pid }) => pid))
  const session = ownSession(traces, stats, found)
  addFamily(stats, session, found)
  for (const { pid } of stats.filter((stat) => holdsTerminal(traces, table, stat))) found.add(pid)
  addFamily(stats, session, found)
  const others = stats.filter(({ pid }) => !found.has(pid))
  return {
    mine: stats.filter(({ pid }) => found.has(pid)),
    forOthers: others.filter(
      ({ pid }) => traces.handle !== null && table.variable(pid, RUN_VARIABLE) === traces.handle.run,
    ),
    unclear: others.filter((stat) => isUnclear(traces, table, stat)),
  }
}

/** What an earlier run of a resumed agent left is the agent's too. */
function isTagged({ agent, namespace }: Traces, table: ProcessTable, { pid }: ProcessStat): boolean {
  const isOwn = table.variable(pid, RUN_VARIABLE)?.startsWith(`${namespace}-`)
  return isOwn === true && table.variable(pid, AGENT_VARIABLE) === agent
}

/**
 * The wrapper's session, which outlives it; its number is given to no other process while one of its own is left: a marked
 * one, or one that was there before the wrapper ended.
 */
function ownSession(traces: Traces, stats: readonly ProcessStat[], found: ReadonlySet<number>): number | null {
  const { handle, exitedAtMs, terminal } = traces
  if (handle === null) return null
  // Nothing in an adopted pane is marked: while tmux shows it alive, its session is its own.
  if (handle.started !== undefined && terminal !== null) return handle.panePid
  const members = stats.filter(({ session }) => session === handle.panePid)
  const isOlder = (stat: ProcessStat): boolean => {
    const started = exitedAtMs === null ? null : startSeconds(stat)
    return started !== null && exitedAtMs !== null && started * 1000 < exitedAtMs
  }
  return members.some((stat) => found.has(stat.pid) || isOlder(stat)) ? handle.panePid : null
}

function addFamily(stats: readonly ProcessStat[], session: number | null, found: Set<number>): void {
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const stat of stats) if (found.has(stat.parent) || stat.session === session) found.add(stat.pid)
  }
}

/** A process with a terminal of its own, such as a person's, may open the agent's too. */
function holdsTerminal({ terminal }: Traces, table: ProcessTable, stat: ProcessStat): boolean {
  return terminal !== null && isUnmarked(table, stat) && holdsOpen(stat.pid, terminal)
}

function isUnclear({ handle, directory }: Traces, table: ProcessTable, stat: ProcessStat): boolean {
  if (handle === null || !isUnmarked(table, stat)) return false
  const parent = table.stats.find(({ pid }) => pid === stat.parent)
  const isOrphan = stat.parent === 1 || parent?.name === 'systemd'
  if (!isOrphan || (startSeconds(stat) ?? 0) + CLOCK_SECONDS < handle.server.startTime) return false
  const place = workingDirectory(stat.pid)
  return place === directory || place?.startsWith(`${directory}/`) === true
}

function isUnmarked(table: ProcessTable, { pid, terminal }: ProcessStat): boolean {
  return terminal === 0 && [RUN_VARIABLE, AGENT_VARIABLE].every((name) => table.variable(pid, name) === null)
}
