import type { Agent, Evidence, Receipt } from '../agent.ts'
import type { SpawnDocument } from '../documents.ts'
import { awaitTurn, NOT_AWAITED } from '../messages/await-turn.ts'
import { warnOfInterrupted } from '../orchestrator/interrupted-turns.ts'
import { type Look, lookAtOne } from '../orchestrator/look.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { reread } from '../orchestrator/update-record.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import { type DrivenQueue, type DriveOptions, driveQueueOf, withStanding } from '../queue/drive-queue.ts'
import { enqueueAgent } from '../queue/enqueue-agent.ts'
import { isQueued } from '../queue/queued.ts'
import { settleSpawn } from '../recovery/settle-spawn.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { prepareWorkspaces } from '../workspace/workspace.ts'
import { claimAgent } from './claim-agent.ts'
import { claimWithinLimits } from './limits.ts'
import { parentOf } from './lineage.ts'
import { leftBehind, type Made, type Making, makeAgent } from './make-agent.ts'
import { newRecord } from './new-record.ts'
import { decideSpawn, type SpawnPlan } from './plan-spawn.ts'

/**
 * Starts an agent. Every step is recorded before the next one, so that a crash at any instruction is recovered from
 * by the next `status` (design §6). With `wait` it stays until the turn of the task is over, and brings the answer.
 * @throws OrchError `EMPTY_TASK`, `WORKTREE_UNSUPPORTED`, `WORKTREE_FAILED`, `LIMIT_REACHED`, `WORKSPACE_UNWRITABLE`, `BACKEND_*`, `PROGRAM_*`, `UNSUPPORTED`, `CREATE_FAILED` …
 */
export async function spawn(orch: Orch, options: SpawnOptions): Promise<SpawnDocument> {
  const plan = await decideSpawn(orch, options)
  const { stored, woke, created } = await claimPlanned(orch, options, plan)
  const { id, prompt } = stored.record
  const queued = { own: new Set(created ? [id] : []), signal: options.signal }
  const driven = stored.record.lifecycle === 'queued' ? await driveOwn(orch, stored, queued) : null
  const { end, agent: seen } = options.wait
    ? await awaitTurn(orch, id, prompt?.messageId ?? null, options)
    : NOT_AWAITED
  const { agent, stored: now } =
    seen === null
      ? await lookAgain(orch, stored, { driven, signal: options.signal })
      : { agent: seen, stored: await reread(orch, id) }
  const { prompt: receipt, attachments: given = [] } = now.record
  const made = { agent, created, prompt: receipt ?? notDelivered(agent), attachments: given }
  const { apiVersion, warnings } = documentFor([now])
  const taken = woke ? await warnOfInterrupted(orch, stored.record.backend, options.signal) : []
  const said = created ? plan.warnings : []
  return { apiVersion, warnings: [...warnings, ...said, ...taken], ...made, ...end }
}

/** Claims the record of a planned agent and makes or queues it; with a key that is held already, settles that one. */
export async function claimPlanned(
  orch: Orch,
  options: SpawnOptions,
  plan: SpawnPlan,
): Promise<Made & { readonly created: boolean }> {
  const parent = await parentOf(orch, options)
  prepareWorkspaces(orch.project)
  const recordFor = (id: string): AgentRecord => newRecord(orch, options, { id, ...plan, parent })
  const claimed = await claimWithinLimits(orch, options, parent, () => claimAgent(orch, options, recordFor))
  options.onClaimed?.(claimed.stored.record.id)
  // barrier: spawn-claimed
  const { created } = claimed
  const making = { ...plan, signal: options.signal, onWait: options.onWait }
  const made = created
    ? await makeOrQueue(orch, claimed.stored, making)
    : { stored: await settleSpawn(orch, claimed.stored, making), woke: false }
  // barrier: spawn-settled
  return { ...made, created }
}

/** An agent that waits for a place, or for another one, is made later, by whoever sees that it may start. */
async function makeOrQueue(orch: Orch, claimed: StoredRecord, making: Making): Promise<Made> {
  if (claimed.record.start === undefined) return await makeAgent(orch, claimed, making)
  return { stored: await enqueueAgent(orch, claimed, making.brief), woke: false }
}

/** @throws OrchError the error of its start, when this process tried that and it is not to be tried again */
async function driveOwn(
  orch: Orch,
  { record }: StoredRecord,
  how: Pick<DriveOptions, 'own' | 'signal'>,
): Promise<DrivenQueue> {
  const driven = await driveQueueOf(orch, record.project, { ...how, mayStart: true })
  const error = driven.errors.get(record.id)
  if (error !== undefined && !isQueued(await reread(orch, record.id))) throw leftBehind(error, record.id)
  return driven
}

async function lookAgain(
  orch: Orch,
  stored: StoredRecord,
  { driven, signal }: { readonly driven: DrivenQueue | null; readonly signal: AbortSignal | undefined },
): Promise<Look> {
  if (driven === null) return await lookAtOne(orch, stored, signal)
  return withStanding(await lookAtOne(orch, await reread(orch, stored.record.id), signal), driven)
}

/** Of a task that its agent was not given. */
export function notDelivered({ state, reason: why }: Agent): Receipt {
  const at = new Date().toISOString()
  if (state === 'queued') {
    const evidence: Evidence[] = [{ source: 'record', detail: 'its whole task stands in its workspace', at }]
    return { messageId: null, delivery: 'queued', reason: { code: 'WAITS_FOR_START', text: why.text }, evidence, at }
  }
  const reason = { code: 'NOT_BEGUN', text: 'It was not given its task yet' }
  return { messageId: null, delivery: 'unconfirmed', reason, evidence: [], at }
}
