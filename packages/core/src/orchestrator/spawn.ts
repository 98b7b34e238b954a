import { randomUUID } from 'node:crypto'
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
import { type ChosenProgram, chooseBackend, chooseProgram } from './choose-backend.ts'
import { claimAgent } from './claim-agent.ts'
import { lookAtOne, toRef } from './look.ts'
import type { SpawnOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'
import { closeRecord, reread, updateRecord } from './update-record.ts'
import { documentFor } from './warnings.ts'

const TASK_IN_RECORD = 4000

/** What an agent is given, and by whom. */
interface GivenTask {
  readonly backend: Backend
  readonly prompt: string
  readonly signal: AbortSignal | undefined
}

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
  const head = readGitHead(orch.directory, options.signal)
  const backend = await chooseBackend(orch, options)
  prepareWorkspaces(orch.project)
  const { commit, branch } = await head
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
  const context = spawnContextText({ ...record, task: options.task, command: orch.command })
  try {
    createWorkspace(record.workspace, context)
    const task = { backend, prompt: context, signal: options.signal }
    const made = await create(orch, record, task)
    const placed = await updateRecord(orch, claimed, 'placed', () => placedChange(made))
    return made.begun ? placed : await begin(orch, placed, task)
  } catch (error) {
    await giveUp(orch, await reread(orch, record.id), error)
    throw error
  }
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

/** Gives the task to an agent that was placed and has none, and records how that went. */
export async function begin(
  orch: Orch,
  placed: StoredRecord,
  { backend, prompt, signal }: GivenTask,
): Promise<StoredRecord> {
  const { id } = placed.record
  const messageId = randomUUID()
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.createTimeoutMs)
  const call = { backend: backend.name, agent: id, verb: 'begin', timeoutMs, signal, acts: true }
  const receipt = await callBackend(call, (inner) =>
    backend.begin(toRef(placed.record), { id: messageId, text: prompt }, inner),
  )
  if (receipt.delivery === 'refused') {
    const failure = receipt.reason ?? { code: 'REFUSED', text: 'It refused its task' }
    await updateRecord(orch, placed, 'refused', () => ({ lifecycle: 'failed', failure, owner: null }))
    throw new OrchError('CREATE_FAILED', `Cannot give "${id}" its task: ${failure.text}`, {
      agent: id,
      backend: backend.name,
      hint: `End it with "orch abandon ${id}", then spawn again`,
      outcome: 'partial',
    })
  }
  const unproven = receipt.delivery === 'unconfirmed'
  return await updateRecord(orch, placed, 'begun', (now) => ({
    lifecycle: 'active',
    prompt: receipt,
    attempts: unproven ? [...now.attempts, { id: messageId, at: receipt.at }] : now.attempts,
  }))
}

/** What provably made nothing leaves nothing; everything else stays as failed, and is adopted if it turns up. */
async function giveUp(orch: Orch, stored: StoredRecord, error: unknown): Promise<void> {
  const nothingMade = isOrchError(error) && error.outcome === 'none' && stored.record.handle === null
  const failure = isOrchError(error)
    ? { code: error.code, text: error.message }
    : { code: 'ABORTED', text: 'Its spawn was interrupted' }
  if (nothingMade) {
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

/** For a key that another process holds: waits until that spawn came to an end, or its process did. */
async function settled(orch: Orch, stored: StoredRecord, signal: AbortSignal | undefined): Promise<StoredRecord> {
  const timeoutMs = 2 * TIMING.createTimeoutMs
  const look = async (): Promise<StoredRecord | undefined> => {
    const now = await reread(orch, stored.record.id)
    const { lifecycle, owner } = now.record
    return lifecycle !== 'spawning' || owner === null || ownerLiveness(owner) === 'gone' ? now : undefined
  }
  return (await recheck(look, { timeoutMs, signal })) ?? (await reread(orch, stored.record.id))
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
    parent: orch.env['ORCH_AGENT_ID'] ?? null,
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
