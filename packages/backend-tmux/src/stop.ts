import { type AgentRef, type Evidence, recheck, type StopProof } from '@orch/core'
import { type Attributed, attribute, type Traces } from './attribution.ts'
import { readExits, removeFiles, unfinishedHooks } from './client/files.ts'
import { hasProc, isSameProcess, processesBy, signalProcess } from './client/processes.ts'
import { killCommands } from './command-line.ts'
import type { Context } from './context.ts'
import { LOG_VARIABLE } from './environment.ts'
import { noteFile } from './hooks/hooked-launch.ts'
import { handleOf, identityOf, rowOf, taggedRows } from './identity.ts'
import { socketOf } from './observe.ts'
import { GRACE_MS, KILL_TIMEOUT_MS } from './options.ts'
import { type Handle, type Look, type ProcessStat, parseHandle, parseLook } from './parse.ts'

/** Fork bombs and the like: so often is looked for processes that appeared meanwhile. */
const ROUNDS = 10

/** What was proven of one part of a stop. */
interface Part {
  readonly proven: boolean
  readonly detail: string
}

/** `Backend.stop`: ends the processes, then the window, and looks whether both are gone. */
export async function stopAgent(context: Context, agent: AgentRef, signal: AbortSignal): Promise<StopProof> {
  signal.throwIfAborted()
  const look = await context.tmux.look(socketOf(agent.target), signal)
  const handle = parseHandle(agent.handle) ?? handleIn(context, agent, look)
  // barrier: tmux-stop-looked
  const whose = { agent, handle, look }
  const processes = await endProcesses(context, whose, signal)
  // barrier: tmux-processes-ended
  const window = await removeWindow(context, whose, signal)
  // barrier: tmux-window-removed
  if (handle !== null) {
    const unfinished = await unfinishedHooks(context.paths.events, handle.run)
    await removeFiles([
      `${context.paths.starts}/${handle.run}`,
      `${handle.exit}.err`,
      `${handle.exit}.new`,
      ...(handle.events === undefined ? [] : [noteFile(handle.events)]),
      ...unfinished,
    ])
  }
  const at = new Date().toISOString()
  const parts = [...processes, window]
  const evidence = parts.map(({ detail }): Evidence => ({ source: 'process', detail, at }))
  return { proven: parts.every(({ proven }) => proven), evidence }
}

function handleIn(context: Context, agent: AgentRef, look: Look): Handle | null {
  if (look.kind !== 'server') return null
  const row = rowOf(agent, null, taggedRows(look, context.host.namespace))
  return row === undefined ? null : handleOf(look.server, row, context.paths)
}

interface Whose {
  readonly agent: AgentRef
  readonly handle: Handle | null
  readonly look: Look
}

/** Asks every process of the agent to end, then kills what is left, and what appeared meanwhile, until nothing is. */
async function endProcesses(context: Context, whose: Whose, signal: AbortSignal): Promise<Part[]> {
  if (!hasProc()) return [{ proven: false, detail: 'this system has no /proc: what still runs cannot be seen' }]
  const traces = tracesOf(context, whose)
  const ended = new Map<number, ProcessStat>()
  const refused = new Set<number>()
  let seen = await attribute(traces, [])
  for (let round = 0; seen.mine.length > 0 && round < ROUNDS; round += 1) {
    for (const victim of seen.mine) {
      ended.set(victim.pid, victim)
      const sent = round === 0 ? askToEnd(victim, whose.handle) : signalProcess(victim.pid, 'SIGKILL')
      if (!sent) refused.add(victim.pid)
    }
    await goneWithin(seen.mine, round === 0 ? GRACE_MS : KILL_TIMEOUT_MS, signal)
    seen = await attribute({ ...traces, terminal: null }, [...ended.values()])
    if (seen.mine.length > 0 && seen.mine.every(({ pid }) => refused.has(pid))) break
  }
  return [endOf([...ended.values()], seen.mine), ...leftAlone(seen)]
}

/** While tmux shows the window with its terminal open, that terminal is nobody else's. */
function tracesOf(context: Context, { agent, handle, look }: Whose): Traces {
  const { namespace } = context.host
  const row = rowOf(agent, handle, taggedRows(look, namespace))
  const recorded = handle === null ? undefined : readExits([handle.exit]).get(handle.exit)
  return {
    agent: agent.id,
    namespace,
    handle,
    directory: agent.directory,
    terminal: row === undefined || row.dead ? null : row.tty,
    exitedAtMs: recorded === undefined ? null : Date.parse(recorded.at),
  }
}

function endOf(ended: readonly ProcessStat[], left: readonly ProcessStat[]): Part {
  if (left.length > 0) return { proven: false, detail: `still running, could not be ended: ${namesOf(left)}` }
  const what = ended.length === 0 ? 'no process of the agent was left' : `ended ${namesOf(ended)}`
  return { proven: true, detail: `${what}; /proc shows none of it any more` }
}

/** Names what was seen and not ended, as nothing proves that it is the agent's. */
function leftAlone({ forOthers, unclear }: Attributed): Part[] {
  const parts: Part[] = []
  if (forOthers.length > 0)
    parts.push({ proven: true, detail: `left alone, as the agent started it for others: ${namesOf(forOthers)}` })
  if (unclear.length > 0) {
    const detail = `left alone, as nothing shows whose it is: ${namesOf(unclear)}, which works in the agent's directory`
    parts.push({ proven: true, detail })
  }
  return parts
}

/** HUP for shells, TERM for the rest, CONT for what is stopped. The wrapper ends by itself, once it noted the exit; an adopted pane has none. */
function askToEnd({ pid }: ProcessStat, handle: Handle | null): boolean {
  if (pid === handle?.panePid && handle.started === undefined) return signalProcess(pid, 'SIGCONT')
  const sent = (['SIGHUP', 'SIGTERM', 'SIGCONT'] as const).map((name) => signalProcess(pid, name))
  return sent.every(Boolean)
}

async function goneWithin(victims: readonly ProcessStat[], timeoutMs: number, signal: AbortSignal): Promise<void> {
  const gone = async (): Promise<true | undefined> => (victims.some(isSameProcess) ? undefined : true)
  await recheck(gone, { timeoutMs, signal })
}

async function removeWindow(context: Context, whose: Whose, signal: AbortSignal): Promise<Part> {
  const { agent, handle } = whose
  // The pane of an adopted program goes with it, where its server does not keep dead panes.
  const isOwn = handle?.started === undefined
  const look = isOwn ? whose.look : await context.tmux.look(socketOf(agent.target), signal)
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
