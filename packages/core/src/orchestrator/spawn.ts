import type { Receipt } from '../agent.ts'
import type { Backend } from '../backend.ts'
import type { SpawnDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { readGitHead } from '../git.ts'
import { currentOwner } from '../process-owner.ts'
import type { AgentRecord } from '../registry/record.ts'
import { prepareWorkspaces, workspacePath } from '../workspace/workspace.ts'
import { type ChosenProgram, chooseBackend, chooseProgram } from './choose-backend.ts'
import { claimAgent } from './claim-agent.ts'
import { lookAtOne } from './look.ts'
import { makeAgent } from './make-agent.ts'
import type { SpawnOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { recordedTask, settleSpawn } from './settle-spawn.ts'
import { documentFor } from './warnings.ts'

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
  // barrier: spawn-claimed
  const stored = claimed.created
    ? await makeAgent(orch, claimed.stored, { backend, task: options.task, signal: options.signal })
    : await settleSpawn(orch, claimed.stored, options)
  // barrier: spawn-settled
  const look = await lookAtOne(orch, stored, options.signal)
  const prompt = look.stored.record.prompt ?? notDelivered()
  return { ...documentFor([look.stored]), agent: look.agent, created: claimed.created, prompt }
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
  return {
    id: made.id,
    lifecycle: 'spawning',
    task: recordedTask(options.task),
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
