import { type AgentRef, type Evidence, recheck, type StopProof } from '@orch/core'
import { removeFiles, unfinishedHooks } from './client/files.ts'
import { hasProc, isSameProcess, lookAtProcesses, processesBy, signalProcess } from './client/processes.ts'
import { killCommands } from './command-line.ts'
import type { Context } from './context.ts'
import { AGENT_VARIABLE, LOG_VARIABLE, RUN_VARIABLE } from './environment.ts'
import { handleOf, identityOf, rowOf, taggedRows } from './identity.ts'
import { socketOf } from './observe.ts'
import { GRACE_MS, KILL_TIMEOUT_MS } from './options.ts'
import { type Handle, type Look, type ProcessStat, parseHandle, parseLook } from './parse.ts'

/** Fork bombs and the like: so often is looked for processes that appeared meanwhile. */
const ROUNDS = 10

/** What was proven of one half of a stop. */
interface Half {
  readonly proven: boolean
  readonly detail: string
}

/** `Backend.stop`: ends the processes, then the window, and looks whether both are gone. */
export async function stopAgent(context: Context, agent: AgentRef, signal: AbortSignal): Promise<StopProof> {
  signal.throwIfAborted()
  const look = await context.tmux.look(socketOf(agent.target), signal)
  const handle = parseHandle(agent.handle) ?? handleIn(context, agent, look)
  // barrier: tmux-stop-looked
  const processes = await endProcesses(context, { agent, handle }, signal)
  // barrier: tmux-processes-ended
  const window = await removeWindow(context, { agent, handle, look }, signal)
  // barrier: tmux-window-removed
  if (handle !== null) {
    const unfinished = await unfinishedHooks(context.paths.events, handle.run)
    await removeFiles([`${context.paths.starts}/${handle.run}`, `${handle.exit}.err`, ...unfinished])
  }
  const at = new Date().toISOString()
  const evidence = [processes, window].map(({ detail }): Evidence => ({ source: 'process', detail, at }))
  return { proven: processes.proven && window.proven, evidence }
}

function handleIn(context: Context, agent: AgentRef, look: Look): Handle | null {
  if (look.kind !== 'server') return null
  const row = rowOf(agent, null, taggedRows(look, context.host.namespace))
  return row === undefined ? null : handleOf(look.server, row, context.paths)
}

interface Whose {
  readonly agent: AgentRef
  readonly handle: Handle | null
}

/** Asks every process of the agent to end, then kills what is left, and what appeared meanwhile, until nothing is. */
async function endProcesses(context: Context, whose: Whose, signal: AbortSignal): Promise<Half> {
  if (!hasProc()) return { proven: false, detail: 'this system has no /proc: what still runs cannot be seen' }
  const ended = new Map<number, ProcessStat>()
  const refused = new Set<number>()
  let left = await attributable(context, whose)
  for (let round = 0; left.length > 0 && round < ROUNDS; round += 1) {
    for (const victim of left) {
      ended.set(victim.pid, victim)
      const sent = round === 0 ? askToEnd(victim, whose.handle) : signalProcess(victim.pid, 'SIGKILL')
      if (!sent) refused.add(victim.pid)
    }
    await goneWithin(left, round === 0 ? GRACE_MS : KILL_TIMEOUT_MS, signal)
    left = await attributable(context, whose)
    if (left.length > 0 && left.every(({ pid }) => refused.has(pid))) break
  }
  if (left.length > 0) return { proven: false, detail: `still running, could not be ended: ${namesOf(left)}` }
  const all = [...ended.values()]
  const what = all.length === 0 ? 'no process of the agent was left' : `ended ${namesOf(all)}`
  return { proven: true, detail: `${what}; /proc shows none of it any more` }
}

/** HUP for shells, TERM for the rest, CONT for what is stopped. The wrapper ends by itself, once it noted the exit. */
function askToEnd({ pid }: ProcessStat, handle: Handle | null): boolean {
  if (pid === handle?.panePid) return signalProcess(pid, 'SIGCONT')
  const sent = (['SIGHUP', 'SIGTERM', 'SIGCONT'] as const).map((name) => signalProcess(pid, name))
  return sent.every(Boolean)
}

async function goneWithin(victims: readonly ProcessStat[], timeoutMs: number, signal: AbortSignal): Promise<void> {
  const gone = async (): Promise<true | undefined> => (victims.some(isSameProcess) ? undefined : true)
  await recheck(gone, { timeoutMs, signal })
}

/**
 * Everything that carries the marks of both the run and the agent, shares the terminal session of a marked pane process,
 * or descends from either. A server that was started from inside the agent for others has dropped the agent's mark.
 */
async function attributable(context: Context, { agent, handle }: Whose): Promise<ProcessStat[]> {
  const { stats, variable } = await lookAtProcesses()
  const found = new Set(stats.filter(({ pid }) => isTagged(pid)).map(({ pid }) => pid))
  const session = handle !== null && found.has(handle.panePid) ? handle.panePid : null
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const stat of stats) if (found.has(stat.parent) || stat.session === session) found.add(stat.pid)
  }
  return stats.filter(({ pid }) => found.has(pid) && pid !== process.pid)

  function isTagged(pid: number): boolean {
    const run = variable(pid, RUN_VARIABLE)
    const mine = handle === null ? run?.startsWith(`${context.host.namespace}-`) : run === handle.run
    return mine === true && variable(pid, AGENT_VARIABLE) === agent.id
  }
}

async function removeWindow(
  context: Context,
  { agent, handle, look }: Whose & { readonly look: Look },
  signal: AbortSignal,
): Promise<Half> {
  if (look.kind === 'failed') return { proven: false, detail: look.reason.text }
  if (look.kind === 'none') return { proven: true, detail: look.text }
  const hasRow = (now: Look): boolean => rowOf(agent, handle, taggedRows(now, context.host.namespace)) !== undefined
  if (handle === null || !hasRow(look)) return { proven: true, detail: 'tmux has no window of the agent' }
  const commands = killCommands(identityOf(agent, handle))
  const call = { socket: socketOf(agent.target), commands, signal }
  const after = parseLook(await context.tmux.run(call))
  if (after.kind === 'failed') return { proven: false, detail: after.reason.text }
  if (hasRow(after)) return { proven: false, detail: `tmux window ${handle.window} is still there` }
  const written = async (): Promise<true | undefined> =>
    (await processesBy(LOG_VARIABLE)).has(handle.run) ? undefined : true
  const complete = await recheck(written, { timeoutMs: KILL_TIMEOUT_MS, signal })
  return complete
    ? { proven: true, detail: `tmux window ${handle.window} is gone` }
    : { proven: false, detail: `tmux window ${handle.window} is gone, but its log is still being written` }
}

function namesOf(processes: readonly ProcessStat[]): string {
  return processes.map(({ pid, name }) => `${pid} (${name})`).join(', ')
}
