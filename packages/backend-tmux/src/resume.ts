import { type AgentRef, type CreateRequest, type CreateResult, OrchError, recheck } from '@orch/core'
import { capabilitiesOf } from './capabilities.ts'
import { sizeOf } from './client/events-file.ts'
import { readExits, releaseHooks } from './client/files.ts'
import { hasProc, processesBy } from './client/processes.ts'
import type { Context } from './context.ts'
import { type RunPlan, startRun } from './create.ts'
import { PROGRAM_VARIABLE, RUN_VARIABLE } from './environment.ts'
import { readLaunchNote } from './hooks/hooked-launch.ts'
import { readEvents } from './hooks/look-at-hooks.ts'
import { type Conversation, conversationIn } from './hooks/resumed-run.ts'
import { rowOf, taggedRows } from './identity.ts'
import { socketOf } from './observe.ts'
import { GRACE_MS } from './options.ts'
import { type Handle, parseHandle } from './parse.ts'
import { chooseProgram } from './programs/choose-program.ts'
import { RunTranscripts } from './transcripts/run-transcripts.ts'

/**
 * `Backend.resume`: a new run that goes on with the conversation of one that is over, as its program names it. Files of
 * the earlier run stay; its window makes way for the new one in the call that makes it, so that of several callers one does.
 */
export async function resumeAgent(
  context: Context,
  agent: AgentRef,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateResult> {
  signal.throwIfAborted()
  const handle = parseHandle(agent.handle)
  if (handle === null) throw nothingThere(agent, 'nothing is known of its last run')
  if (!capabilitiesOf(agent).includes('resume'))
    throw nothingThere(agent, 'its program cannot go on with a conversation')
  const replaces = await assertOver(context, { agent, handle }, signal)
  const resumed = conversationOf(agent, handle)
  const program = await chooseProgram(request, context.host.env)
  await releaseHooks(context.paths.events, handle.run)
  return await startRun(context, request, { program, resumed, replaces }, signal)
}

/** What makes way for a new run. @throws OrchError `AGENT_EXISTS`, `BACKEND_UNREACHABLE` */
async function assertOver(
  context: Context,
  { agent, handle }: { readonly agent: AgentRef; readonly handle: Handle },
  signal: AbortSignal,
): Promise<RunPlan['replaces']> {
  const look = await context.tmux.look(socketOf(agent.target), signal)
  if (look.kind === 'failed')
    throw new OrchError('BACKEND_UNREACHABLE', `Cannot resume "${agent.id}": ${look.reason.text}`, {
      hint: 'Run "orch doctor"',
      retryable: true,
    })
  const rows = taggedRows(look, context.host.namespace)
  const row = rowOf(agent, handle, rows)
  if (row === undefined && rows.has(agent.id)) throw runs(agent, 'another window has its tag')
  if (readExits([handle.exit]).size === 0) {
    if (row?.dead === false) throw runs(agent, `process ${row.panePid} runs`)
    await assertEnded(agent, handle, signal)
  }
  return row === undefined ? null : { pane: row.pane, run: row.run }
}

/** Without a recorded exit: a program may take a moment to end with its window, or live on without it. */
async function assertEnded(agent: AgentRef, { run }: Handle, signal: AbortSignal): Promise<void> {
  if (!hasProc()) return
  let left: readonly number[] = []
  const ended = async (): Promise<true | undefined> => {
    const [runs, programs] = await Promise.all([processesBy(RUN_VARIABLE), processesBy(PROGRAM_VARIABLE)])
    const isProgram = (pid: number): boolean => programs.get(String(pid))?.some((one) => one.pid === pid) === true
    left = (runs.get(run) ?? []).map(({ pid }) => pid).filter(isProgram)
    return left.length === 0 || undefined
  }
  if (await recheck(ended, { timeoutMs: GRACE_MS, signal })) return
  const state = `process ${left.join(', ')}, the program of its last run, did not end with its window`
  throw runs(agent, state, `End it with "kill ${left.join(' ')}", then run "orch resume ${agent.id}" again`)
}

/** The newest conversation that its program told of and wrote down. @throws OrchError `CREATE_FAILED` */
function conversationOf(agent: AgentRef, { events }: Handle): Conversation {
  if (events === undefined) throw nothingThere(agent, 'its program tells of no conversation')
  if (readLaunchNote(events) === null) throw nothingThere(agent, 'it was stopped')
  const told = conversationIn(readEvents(events))
  if (told === null) throw nothingThere(agent, 'its program ended before it began a conversation')
  if (sizeOf(told.transcript) === 0) throw nothingThere(agent, `"${told.transcript}" is not there or empty`)
  const run = new RunTranscripts(events)
  const conversations = run.conversations().flatMap(({ path }) => (path === told.transcript ? [] : path))
  return { ...told, earlier: { conversations, subagents: run.subagents() } }
}

function nothingThere({ id }: AgentRef, state: string): OrchError {
  return new OrchError('CREATE_FAILED', `Cannot resume "${id}": ${state}`, {
    hint: `End it with "orch abandon ${id}", then spawn its task again`,
  })
}

function runs({ id }: AgentRef, state: string, hint = `Run "orch check ${id}"`): OrchError {
  return new OrchError('AGENT_EXISTS', `Cannot resume "${id}": ${state}`, { hint })
}
