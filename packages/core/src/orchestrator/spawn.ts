import type { Receipt } from '../agent.ts'
import type { Backend, CreateRequest, CreateResult } from '../backend.ts'
import type { SpawnDocument } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { readGitHead } from '../git.ts'
import { currentOwner, ownerLiveness } from '../process-owner.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import { recheck, TIMING } from '../timing.ts'
import { spawnContextText } from '../workspace/spawn-context.ts'
import { createWorkspace, prepareWorkspaces, removeWorkspace, workspacePath } from '../workspace/workspace.ts'
import { begin, type GivenTask } from './begin.ts'
import { type ChosenProgram, chooseBackend, chooseProgram } from './choose-backend.ts'
import { claimAgent } from './claim-agent.ts'
import { lookAtOne, toRef } from './look.ts'
import type { SpawnOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'
import { recoverSpawns } from './recover.ts'
import { closeRecord, reread, updateRecord } from './update-record.ts'
import { documentFor } from './warnings.ts'

const TASK_IN_RECORD = 4000

/**
 * Starts an agent. Every step is recorded before the next one, so that a crash at any instruction is recovered from
 * by the next `status` (design §6).
 * @throws OrchError `EMPTY_TASK`, `WORKSPACE_UNWRITABLE`, `BACKEND_*`, `PROGRAM_*`, `UNSUPPORTED`, `CREATE_FAILED` …
 */
export async function spawn(orch: Orch, options: SpawnOptions): Promise<SpawnDocument> {
  if (options.task.trim() === '') {
    throw new OrchError('EMPTY_TASK', 'Cannot spawn an agent: the task is empty', {
      hint: 'Give the task as an argument, with --file FILE, or on standard input with "-"',
    })
  }
  const program = chooseProgram(orch, options)
  const [{ commit, branch }, backend] = await Promise.all([
    readGitHead(orch.directory, options.signal),
    chooseBackend(orch, options),
  ])
  prepareWorkspaces(orch.project)
  const recordFor = (id: string): AgentRecord => newRecord(orch, options, { id, backend, program, commit, branch })
  const claimed = await claimAgent(orch, options, recordFor)
  const stored = claimed.created
    ? await createAndBegin(orch, backend, claimed.stored, options)
    : await settled(orch, claimed.stored, options.signal)
  const look = await lookAtOne(orch, stored, options.signal)
  const prompt = look.stored.record.prompt ?? notDelivered()
  return { ...documentFor([look.stored]), agent: look.agent, created: claimed.created, prompt }
}

async function createAndBegin(
  orch: Orch,
  backend: Backend,
  claimed: StoredRecord,
  options: SpawnOptions,
): Promise<StoredRecord> {
  const { record } = claimed
  const prompt = spawnContextText({ ...record, task: options.task, command: orch.command })
  const task = { backend, prompt, signal: options.signal }
  let made: CreateResult | null = null
  try {
    createWorkspace(record.workspace, prompt)
    made = await create(orch, record, task)
    const change = placedChange(made)
    const placed = await updateRecord(orch, claimed, 'placed', () => change)
    return made.begun ? placed : await begin(orch, placed, task)
  } catch (error) {
    const nothingLeft = await takeBack(record, { backend, made, error })
    // The first error counts; what cannot be recorded now is found by the next status.
    await giveUp(orch, record.id, { error, nothingLeft }).catch(() => {})
    throw nothingLeft || !isOrchError(error) ? error : leftBehind(error, record.id)
  }
}

/** Ends again what was made and then could not be recorded or given its task; whether nothing of it is left. */
async function takeBack(
  record: AgentRecord,
  { backend, made, error }: { backend: Backend; made: CreateResult | null; error: unknown },
): Promise<boolean> {
  if (!isOrchError(error) || error.outcome !== 'none') return false
  if (made === null) return true
  const call = { backend: backend.name, agent: record.id, verb: 'stop', timeoutMs: TIMING.stopTimeoutMs, acts: true }
  const ref = { ...toRef(record), handle: made.handle }
  return await callBackend(call, (inner) => backend.stop(ref, inner)).then(
    ({ proven }) => proven,
    () => false,
  )
}

function leftBehind(error: OrchError, id: string): OrchError {
  const { code, message, outcome, hint, ...info } = error
  if (outcome !== 'none') return error
  const seen = `See what became of it with "orch check ${id}"`
  return new OrchError(code, message, { ...info, hint: seen, outcome: 'partial', cause: error })
}

function create(orch: Orch, record: AgentRecord, { backend, prompt, signal }: GivenTask): Promise<CreateResult> {
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.createTimeoutMs)
  const call = { backend: backend.name, agent: record.id, verb: 'create', timeoutMs, signal, acts: true }
  return callBackend(call, (inner) => backend.create(createRequest(orch, record, prompt), inner))
}

function createRequest(orch: Orch, record: AgentRecord, prompt: string): CreateRequest {
  return {
    id: record.id,
    title: record.task.trim().split('\n')[0]?.slice(0, 80) ?? record.id,
    prompt,
    project: record.project,
    directory: record.directory,
    workspace: record.workspace,
    target: record.target,
    program: record.programSpec,
    programName: record.programSpec === null ? record.program : null,
    model: record.model,
    mode: record.mode,
    permission: record.permission,
    env: { ORCH_AGENT_ID: record.id, ORCH_WORKSPACE: record.workspace, ORCH_PROJECT: orch.project },
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
async function giveUp(
  orch: Orch,
  id: string,
  { error, nothingLeft }: { error: unknown; nothingLeft: boolean },
): Promise<void> {
  const stored = await reread(orch, id)
  const failure = isOrchError(error)
    ? { code: error.code, text: error.message }
    : { code: 'ABORTED', text: 'Its spawn was interrupted' }
  if (nothingLeft) {
    removeWorkspace(stored.record.workspace)
    await closeRecord(orch, stored, 'failed', { failure, owner: null })
  } else {
    await updateRecord(orch, stored, 'spawn-failed', (now) => ({
      lifecycle: isOrchError(error) && now.handle === null ? 'failed' : now.lifecycle,
      failure: now.failure ?? failure,
      owner: null,
    }))
  }
}

/** For a key that another process holds: waits until that spawn came to an end, or goes on with it when its process did. */
async function settled(orch: Orch, stored: StoredRecord, signal: AbortSignal | undefined): Promise<StoredRecord> {
  const timeoutMs = 2 * TIMING.createTimeoutMs
  const look = async (): Promise<StoredRecord | undefined> => {
    const now = await reread(orch, stored.record.id)
    const { lifecycle, owner } = now.record
    return lifecycle !== 'spawning' || owner === null || ownerLiveness(owner) === 'gone' ? now : undefined
  }
  const now = (await recheck(look, { timeoutMs, signal })) ?? (await reread(orch, stored.record.id))
  const [recovered = now] = await recoverSpawns(orch, [now], [], signal)
  return recovered
}

function newRecord(
  orch: Orch,
  options: SpawnOptions,
  made: {
    readonly id: string
    readonly backend: Backend
    readonly program: ChosenProgram
    readonly commit: string | null
    readonly branch: string | null
  },
): AgentRecord {
  const { task } = options
  return {
    id: made.id,
    lifecycle: 'spawning',
    task: task.length > TASK_IN_RECORD ? `${task.slice(0, TASK_IN_RECORD)}…` : task,
    project: orch.project,
    directory: orch.directory,
    workspace: workspacePath(orch.project, made.id),
    branch: made.branch,
    base: made.commit,
    backend: made.backend.name,
    program: made.program.spec?.name ?? made.program.name,
    programSpec: made.program.spec,
    model: options.model ?? null,
    mode: options.mode ?? null,
    permission: options.permission ?? null,
    parent: orch.env.ORCH_AGENT_ID ?? null,
    labels: {},
    key: options.key ?? null,
    owner: currentOwner(),
    target: made.backend.target,
    handle: null,
    facts: null,
    beginAt: null,
    prompt: null,
    failure: null,
    exit: null,
    attempts: [],
    answered: [],
    spawnedAt: new Date().toISOString(),
    endedAt: null,
  }
}

function notDelivered(): Receipt {
  const reason = { code: 'NOT_BEGUN', text: 'It was not given its task yet' }
  return { messageId: null, delivery: 'unconfirmed', reason, evidence: [], at: new Date().toISOString() }
}
