import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { type CreateRequest, type CreateResult, isOrchError, OrchError, type Receipt } from '@orch/core'
import { isDirectory, prepareFiles, removeFiles, removeStaleStarts, writePrivateFile } from './client/files.ts'
import { removeOldRuns } from './client/old-runs.ts'
import { createCommands, EXISTS } from './command-line.ts'
import type { Context } from './context.ts'
import { AGENT_VARIABLE, agentEnvironment, RUN_VARIABLE } from './environment.ts'
import { type HookedLaunch, hookedLaunch } from './hooks/hooked-launch.ts'
import type { Conversation } from './hooks/resumed-run.ts'
import { handleOf } from './identity.ts'
import { withPointer } from './long-task.ts'
import { socketOf } from './observe.ts'
import { ARGUMENT_BYTES } from './options.ts'
import { type Answer, epochOf, failureText, type Handle, isId, parseLook, saysServerDied } from './parse.ts'
import { type ChosenProgram, chooseProgram } from './programs/choose-program.ts'
import type { LaunchSpec } from './programs/program.ts'
import { hasLoneSurrogate, unsendable } from './unsendable.ts'
import { startFile } from './wrapper.ts'

/** `Backend.create`: everything that can be refused is refused before anything is made. */
export async function createAgent(
  context: Context,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateResult> {
  signal.throwIfAborted()
  const program = await chooseProgram(request, { ...context.host.env, ...request.env })
  refuseUntypable(program.spec, request)
  const given = withPointer(program.spec, request)
  const made = await startRun(context, given, { program, resumed: null, replaces: null }, signal)
  return given === request || made.receipt === null
    ? made
    : { ...made, receipt: { ...made.receipt, reason: IN_ITS_FILE } }
}

const IN_ITS_FILE = { code: 'TASK_IN_FILE', text: 'It was told to read its task, which is too long for an argument' }

/** What a run is made of beside its request. */
export interface RunPlan {
  readonly program: ChosenProgram
  /** What it goes on with; `null`: it is given its task. */
  readonly resumed: Conversation | null
  /** The window of a run that is over, to be removed in the same call. */
  readonly replaces: { readonly pane: string; readonly run: string } | null
}

/** Makes a run and its window, unless a window with the agent's tag is there. */
export async function startRun(
  context: Context,
  request: CreateRequest,
  plan: RunPlan,
  signal: AbortSignal,
): Promise<CreateResult> {
  const { program, resumed } = plan
  await assertPlace(request)
  const run = `${context.host.namespace}-${randomBytes(8).toString('hex')}`
  const env = agentEnvironment(context.host.env, request, { program: program.spec, id: run })
  const task = resumed === null && program.spec.promptBy !== 'none' ? request.prompt : null
  const hooked = hookedLaunch(context.paths, program, { run, env, reach: outside(request), resumed, task })
  const begun = resumed !== null || program.spec.promptBy !== 'send'
  const argv = argumentsFor(program, request, { hooked, resumed })
  await context.tmux.program()
  await prepareFiles(context.paths)
  await context.tmux.startOutsideSession(socketOf(request.target), signal)
  const files = {
    start: `${context.paths.starts}/${run}`,
    exit: `${context.paths.exits}/${run}`,
    log: `${context.paths.logs}/${run}.log`,
  }
  // barrier: tmux-prepared
  await removeStaleStarts(context.paths.starts)
  removeOldRuns(context.paths, context.options.keepDays)
  await writePrivateFile(
    files.start,
    startFile({ directory: request.directory, env: { ...env, ...hooked?.environment }, argv }),
  )
  // barrier: tmux-start-written
  try {
    await writePrivateFile(files.log, '')
    await hooked?.prepare()
    // barrier: tmux-log-written
    const answer = await makeWindow(context, request, {
      run,
      begun,
      program: hooked === null ? '' : program.key,
      argv: ['/bin/sh', context.paths.wrapper, files.start, files.exit],
      replaces: plan.replaces,
      signal,
    })
    const handle = madeWindow(context, request, answer)
    return resultOf(program.spec, handle, {
      begun,
      receipt: resumed === null ? startReceipt(program.spec, handle) : null,
    })
  } catch (error) {
    const maybeMade = !isOrchError(error) || error.outcome === 'unknown'
    if (!maybeMade) await removeFiles([files.start, files.log, ...(hooked?.files ?? [])])
    throw error
  }
}

/** Its own folder where that lies outside of where it works, as that of an agent in a worktree does; else `null`. */
function outside({ workspace, directory }: CreateRequest): string | null {
  return workspace.startsWith(directory.endsWith('/') ? directory : `${directory}/`) ? null : workspace
}

async function assertPlace({ id, directory }: CreateRequest): Promise<void> {
  const cannot = `Cannot start agent "${id}"`
  if (!isId(id)) throw new OrchError('CREATE_FAILED', `${cannot}: its id is not made of letters, digits and -`)
  if (!(await isDirectory(directory)))
    throw new OrchError('CREATE_FAILED', `${cannot} in "${directory}": there is no such directory`, {
      hint: 'Name an existing directory',
    })
}

function argumentsFor(
  program: ChosenProgram,
  request: CreateRequest,
  { hooked, resumed }: { readonly hooked: HookedLaunch | null; readonly resumed: Conversation | null },
): string[] {
  const argv = program.argv(resumed === null ? request.prompt : null, hooked?.arguments ?? [])
  for (const argument of argv) {
    const bytes = Buffer.byteLength(argument)
    const cannot = `Cannot start agent "${request.id}" with an argument of ${bytes} bytes`
    if (bytes > ARGUMENT_BYTES)
      throw new OrchError('CREATE_FAILED', `${cannot}: a program takes at most ${ARGUMENT_BYTES} bytes in one`, {
        hint: 'Put the task in a file in the project and name that file in the task',
      })
    if (argument.includes('\0') || hasLoneSurrogate(argument))
      throw new OrchError('CREATE_FAILED', `${cannot}: it holds a character that no argument can`, {
        hint: 'Remove the NUL or the half surrogate pair from the task',
      })
  }
  return argv
}

/** A task that `begin` would refuse to type leaves a window behind: it is refused before there is one. */
function refuseUntypable({ promptBy }: LaunchSpec, { id, prompt }: CreateRequest): void {
  const bad = promptBy === 'send' ? unsendable(prompt) : null
  if (bad === null) return
  const state = `${bad.charAt(0).toLowerCase()}${bad.slice(1)}`
  throw new OrchError('CREATE_FAILED', `Cannot start agent "${id}" with a task that has to be typed: ${state}`, {
    hint: 'Remove that character from the task',
  })
}

interface WindowCall {
  readonly run: string
  readonly begun: boolean
  readonly program: string
  readonly argv: readonly string[]
  readonly replaces: RunPlan['replaces']
  readonly signal: AbortSignal
}

function makeWindow(context: Context, request: CreateRequest, call: WindowCall): Promise<Answer> {
  const commands = createCommands({
    agent: request.id,
    namespace: context.host.namespace,
    run: call.run,
    begun: call.begun,
    program: call.program,
    argv: call.argv,
    logScript: basename(context.paths.logScript),
    replaces: call.replaces,
    tags: { [AGENT_VARIABLE]: request.id, [RUN_VARIABLE]: call.run },
    options: context.options,
  })
  const socket = socketOf(request.target)
  return context.tmux.run({ socket, commands, signal: call.signal })
}

function madeWindow(context: Context, request: CreateRequest, answer: Answer): Handle {
  if (answer.stdout.startsWith(EXISTS))
    throw new OrchError('AGENT_EXISTS', `Cannot start agent "${request.id}": a tmux window with its tag is there`, {
      hint: `Run "orch check ${request.id}"`,
    })
  const look = parseLook(answer)
  const row = look.kind === 'server' ? look.rows[0] : undefined
  if (look.kind !== 'server' || row === undefined)
    throw new OrchError('CREATE_FAILED', `Cannot start agent "${request.id}": ${failureText(answer)}`, {
      hint: 'Run "orch doctor"',
      outcome: saysServerDied(answer) ? 'unknown' : 'none',
    })
  return handleOf(look.server, row, context.paths)
}

function resultOf(
  { name }: LaunchSpec,
  handle: Handle,
  { begun, receipt }: Pick<CreateResult, 'begun' | 'receipt'>,
): CreateResult {
  return { handle: { ...handle }, epoch: epochOf(handle.server), begun, receipt, program: name, model: null }
}

function startReceipt(program: LaunchSpec, handle: Handle): Receipt | null {
  if (program.promptBy === 'send') return null
  const at = new Date().toISOString()
  const none = program.promptBy === 'none'
  const detail = none
    ? `process ${handle.panePid} runs "${program.command}"`
    : `process ${handle.panePid} runs "${program.command}" with the task as its last argument`
  return {
    messageId: null,
    delivery: 'accepted',
    reason: none ? { code: 'NO_PROMPT', text: `Program "${program.name}" takes no task: none was given` } : null,
    evidence: [{ source: 'process', detail, at }],
    at,
  }
}
