import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Agent, Reason, State } from '../agent.ts'
import { sanitize } from '../sanitize.ts'
import { DeadlineError, TIMING, withDeadline } from '../timing.ts'
import type { Orch } from './orch.ts'

/** So many of its commands run at once, and so many changes wait for one of them to end; older ones are dropped then. */
const MOST_AT_ONCE = 4
const MOST_WAITING = 100

/** What the command gets on stdin, as one line of JSON: an agent whose state is another one than at the look before. */
export interface StateChange {
  readonly apiVersion: 1
  readonly type: 'change'
  readonly agent: Agent
  /** `null`: it was not there before. */
  readonly previous: State | null
  /** When the change was seen (ISO 8601). */
  readonly at: string
}

/** Runs a command for each change of a state that looks show. Nobody waits for it before the end. */
export interface Notifier {
  /** Tells it what a look showed; what the first one shows is no change. */
  see(agents: readonly Agent[]): void
  /** What went wrong since it was asked before; a command that fails is told of once. */
  takeWarnings(): readonly Reason[]
  /** Gives the commands that run a few seconds, then ends them; at abort at once. */
  end(): Promise<void>
}

/**
 * A notifier that runs `command`, its words, without a shell, in the project. The change is on stdin and in `ORCH_AGENT_ID`,
 * `ORCH_STATE`, `ORCH_PREVIOUS_STATE`, `ORCH_REASON`, `ORCH_PROJECT` and `ORCH_WORKSPACE`. `null` runs nothing.
 */
export function createNotifier(
  orch: Pick<Orch, 'env'>,
  command: readonly string[] | null,
  signal: AbortSignal | undefined,
): Notifier {
  const known = new Map<string, State>()
  const waiting: StateChange[] = []
  const running = new Map<Promise<void>, ChildProcess>()
  const warnings: Reason[] = []
  const failed = new Set<string>()
  let isFirst = true

  const warn = (code: string, text: string): void => {
    if (!failed.has(code)) warnings.push({ code, text })
    failed.add(code)
  }
  const start = (change: StateChange): void => {
    const [program = '', ...words] = command ?? []
    const child = spawn(program, words, {
      cwd: change.agent.project,
      env: { ...orch.env, ...variablesOf(change) },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(`${JSON.stringify(change)}\n`)
    const run = outcomeOf(child).then((problem) => {
      if (problem !== null)
        warn('NOTIFY_FAILED', `The command "${program}", which tells of changes, failed: ${problem}`)
      running.delete(run)
      next()
    })
    running.set(run, child)
  }
  const next = (): void => {
    while (running.size < MOST_AT_ONCE) {
      const change = waiting.shift()
      if (change === undefined) return
      start(change)
    }
  }

  return {
    see: (agents) => {
      if (command === null) return
      const at = new Date().toISOString()
      for (const agent of agents) {
        const previous = known.get(agent.id) ?? null
        known.set(agent.id, agent.state)
        if (!isFirst && previous !== agent.state) waiting.push({ apiVersion: 1, type: 'change', agent, previous, at })
      }
      isFirst = false
      const dropped = waiting.splice(0, Math.max(0, waiting.length - MOST_WAITING)).length
      if (dropped > 0)
        warn('NOTIFY_DROPPED', `${dropped} changes were not told: the command that tells them is too slow`)
      next()
    },
    takeWarnings: () => warnings.splice(0),
    end: async () => {
      const drain = async (): Promise<void> => {
        while (running.size > 0) await Promise.race(running.keys())
      }
      await withDeadline(TIMING.notifyEndMs, signal, drain).catch(() => {
        waiting.length = 0
        for (const child of running.values()) endGroup(child)
      })
    },
  }
}

/** Why it failed; `null` when it did not. */
async function outcomeOf(child: ChildProcess): Promise<string | null> {
  try {
    const [code, by] = await withDeadline(TIMING.notifyMs, undefined, (signal) => once(child, 'close', { signal }))
    if (code === 0) return null
    return by === null ? `it ended with code ${code}` : `it was ended by ${by}`
  } catch (error) {
    endGroup(child)
    return error instanceof DeadlineError ? `it ran longer than ${error.afterMs} ms` : (error as Error).message
  }
}

/** It leads a group of its own: what it started ends with it. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function variablesOf({ agent, previous }: StateChange): Record<string, string> {
  return {
    ORCH_AGENT_ID: agent.id,
    ORCH_STATE: agent.state,
    ORCH_PREVIOUS_STATE: previous ?? '',
    ORCH_REASON: sanitize(agent.reason.text).slice(0, 2000),
    ORCH_PROJECT: agent.project,
    ORCH_WORKSPACE: agent.workspace,
  }
}
