import type { Reason } from '../agent.ts'
import type { Backend, CreateRequest, CreateResult, PlannedAgent } from '../backend.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { toRef } from '../orchestrator/look.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { closeRecord, reread, updateRecord } from '../orchestrator/update-record.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import { TIMING } from '../timing.ts'
import { keepFiles } from '../workspace/kept-files.ts'
import { createWorkspace, removeWorkspace } from '../workspace/workspace.ts'
import { begin, type GivenTask, TASK_FILES } from './begin.ts'
import { type Brief, writeContext } from './brief.ts'
import type { WantedAgent } from './new-record.ts'
import { startPath } from './start-path.ts'

/** What an agent is made of beside its record. */
export interface Making {
  readonly backend: Backend
  readonly brief: Brief
  readonly signal: AbortSignal | undefined
}

/** An agent that was made. */
export interface Made {
  readonly stored: StoredRecord
  /** Whether its server did not run, and was started for it. */
  readonly woke: boolean
}

/**
 * Makes the agent of a record that this process claimed, from its workspace to its task, each step recorded before the
 * next. What fails is recorded as well: an agent that provably was not made leaves nothing but a closed record.
 * @throws OrchError as `spawn` does
 */
export async function makeAgent(orch: Orch, claimed: StoredRecord, making: Making): Promise<Made> {
  const { backend, signal } = making
  const prepare = (): Promise<string> => writeTask(orch, claimed.record, making.brief)
  return await placeAgent(orch, claimed, { backend, signal, prepare }, giveUp)
}

/** Writes the workspace of an agent that this process claimed, so that whoever starts it finds all of its task there; resolves to its first message. */
export async function writeTask(orch: Orch, record: AgentRecord, brief: Brief): Promise<string> {
  const prompt = writeContext(orch, record, brief).text
  createWorkspace(record.workspace, prompt)
  await keepFiles(record.workspace, TASK_FILES, record.attachments)
  return prompt
}

/** Why a spawn failed, and whether provably nothing of it is left. */
export interface FailedSpawn {
  readonly error: unknown
  readonly nothingLeft: boolean
}

/**
 * Makes the agent of a record that this process owns and gives it its task; ends what was made again when that fails.
 * @param how.prepare resolves to the first message
 * @param failed records that it failed
 */
export async function placeAgent(
  orch: Orch,
  claimed: StoredRecord,
  how: Omit<GivenTask, 'prompt'> & { readonly prepare: () => Promise<string> },
  failed: (orch: Orch, id: string, spawn: FailedSpawn) => Promise<void>,
): Promise<Made> {
  const { record } = claimed
  const { backend, signal } = how
  let made: CreateResult | null = null
  let isAsked = false
  try {
    const task = { backend, prompt: await how.prepare(), signal }
    // barrier: workspace-written
    await makePlace(orch, claimed, signal)
    isAsked = true
    made = await create(orch, record, task)
    // barrier: agent-created
    const change = placedChange(made)
    const placed = await updateRecord(orch, claimed, 'placed', () => change)
    // barrier: handle-recorded
    const woke = made.revived === true
    return { woke, stored: made.begun ? placed : await begin(orch, placed, task) }
  } catch (error) {
    const nothingMade = !isAsked || (await takeBack(record, { backend, made, error }))
    const nothingLeft = nothingMade && (await takeBackPlace(record, made))
    // The first error counts; what cannot be recorded now is found by the next status.
    await failed(orch, record.id, { error, nothingLeft }).catch(() => {})
    throw nothingLeft || !isOrchError(error) ? error : leftBehind(error, record.id)
  }
}

/** Makes the worktree of an agent that is to have one. */
async function makePlace(orch: Orch, claimed: StoredRecord, signal: AbortSignal | undefined): Promise<void> {
  const { worktree } = claimed.record
  if (worktree === undefined) return
  const { makeWorktree } = await import('../worktree/make-worktree.ts')
  await makeWorktree(orch, claimed, worktree, signal)
}

/** A worktree that no agent was in goes again; another one stays, as its branch does, for whoever cleans up. */
async function takeBackPlace({ project, worktree }: AgentRecord, made: CreateResult | null): Promise<boolean> {
  if (worktree === undefined || made !== null) return true
  const { discardWorktree } = await import('../worktree/remove-worktree.ts')
  return await discardWorktree(project, worktree, undefined).then(
    () => true,
    () => false,
  )
}

/** Ends again what was made and then could not be recorded or given its task; whether nothing of it is left. */
async function takeBack(
  record: AgentRecord,
  { backend, made, error }: { backend: Backend; made: CreateResult | null; error: unknown },
): Promise<boolean> {
  if (!isOrchError(error) || error.outcome !== 'none') return false
  if (made === null) return error.code !== 'AGENT_EXISTS'
  const call = { backend: backend.name, agent: record.id, verb: 'stop', timeoutMs: TIMING.stopTimeoutMs, acts: true }
  const ref = { ...toRef(record), handle: made.handle }
  return await callBackend(call, (inner) => backend.stop(ref, inner)).then(
    ({ proven }) => proven,
    () => false,
  )
}

/** The error of a spawn of which something is left. */
export function leftBehind(error: OrchError, id: string): OrchError {
  const { code, message, outcome, hint, ...info } = error
  if (outcome !== 'none') return error
  const seen = `See what became of it with "orch check ${id}"`
  return new OrchError(code, message, { ...info, hint: seen, outcome: 'partial', cause: error })
}

function create(orch: Orch, record: AgentRecord, { backend, prompt, signal }: GivenTask): Promise<CreateResult> {
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.createTimeoutMs)
  const call = { backend: backend.name, agent: record.id, verb: 'create', timeoutMs, signal, acts: true }
  const request = createRequest(record, prompt)
  const path = startPath(orch, record)
  const env = path === null ? request.env : { ...request.env, PATH: path }
  return callBackend(call, (inner) => backend.create({ ...request, env }, inner))
}

/** What a backend is told of an agent that would be made. */
export function plannedAgent(record: WantedAgent): PlannedAgent {
  return {
    project: record.project,
    directory: record.directory,
    target: record.target,
    program: record.programSpec,
    programName: record.programSpec === null ? record.program : null,
    model: record.model,
    mode: record.mode,
    permission: record.permission,
    permissionRules: record.permissionRules ?? [],
  }
}

/** What a backend is asked to make for a record. @param prompt the whole first message */
export function createRequest(record: AgentRecord, prompt: string): CreateRequest {
  return {
    ...plannedAgent(record),
    id: record.id,
    title: record.task.trim().split('\n')[0]?.slice(0, 80) ?? record.id,
    prompt,
    workspace: record.workspace,
    env: { ORCH_AGENT_ID: record.id, ORCH_WORKSPACE: record.workspace, ORCH_PROJECT: record.project },
  }
}

function placedChange(made: CreateResult): RecordChange {
  return {
    handle: made.handle,
    program: made.program,
    model: made.model,
    beginAt: new Date().toISOString(),
    ...(made.begun ? { lifecycle: 'active', prompt: made.receipt } : {}),
  }
}

/** What provably left nothing has a closed record; everything else stays as failed, and is adopted if it turns up. */
export async function giveUp(orch: Orch, id: string, failed: FailedSpawn): Promise<void> {
  // barrier: spawn-refused
  if (!failed.nothingLeft) return await recordFailed(orch, id, failed.error)
  const stored = await reread(orch, id)
  removeWorkspace(stored.record.workspace)
  // barrier: workspace-removed
  await closeRecord(orch, stored, 'failed', { failure: failureOf(failed.error), owner: null })
}

/** Records that a spawn failed of which something may be left. */
export async function recordFailed(orch: Orch, id: string, error: unknown): Promise<void> {
  await updateRecord(orch, await reread(orch, id), 'spawn-failed', (now) => ({
    ...(isOrchError(error) && now.handle === null ? { lifecycle: 'failed', endedAt: new Date().toISOString() } : {}),
    failure: now.failure ?? failureOf(error),
    owner: null,
  }))
}

/** Why a spawn failed, as its record holds it. */
export function failureOf(error: unknown): Reason {
  return isOrchError(error)
    ? { code: error.code, text: error.message }
    : { code: 'ABORTED', text: 'Its spawn was interrupted' }
}
