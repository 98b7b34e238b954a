import type { Receipt } from '../agent.ts'
import type { SpawnDocument } from '../documents.ts'
import type { AgentRecord } from '../registry/record.ts'
import { prepareWorkspaces } from '../workspace/workspace.ts'
import { awaitTurn, NOT_AWAITED } from './await-turn.ts'
import { claimAgent } from './claim-agent.ts'
import { warnOfInterrupted } from './interrupted-turns.ts'
import { parentOf } from './lineage.ts'
import { lookAtOne } from './look.ts'
import { makeAgent } from './make-agent.ts'
import { newRecord } from './new-record.ts'
import type { SpawnOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { decideSpawn } from './plan-spawn.ts'
import { settleSpawn } from './settle-spawn.ts'
import { reread } from './update-record.ts'
import { documentFor } from './warnings.ts'

/**
 * Starts an agent. Every step is recorded before the next one, so that a crash at any instruction is recovered from
 * by the next `status` (design §6). With `wait` it stays until the turn of the task is over, and brings the answer.
 * @throws OrchError `EMPTY_TASK`, `WORKTREE_UNSUPPORTED`, `WORKTREE_FAILED`, `WORKSPACE_UNWRITABLE`, `BACKEND_*`, `PROGRAM_*`, `UNSUPPORTED`, `CREATE_FAILED` …
 */
export async function spawn(orch: Orch, options: SpawnOptions): Promise<SpawnDocument> {
  const plan = await decideSpawn(orch, options)
  const parent = await parentOf(orch, options)
  prepareWorkspaces(orch.project)
  const recordFor = (id: string): AgentRecord => newRecord(orch, options, { id, ...plan, parent })
  const claimed = await claimAgent(orch, options, recordFor)
  // barrier: spawn-claimed
  const { stored, woke } = claimed.created
    ? await makeAgent(orch, claimed.stored, { ...plan, signal: options.signal })
    : { stored: await settleSpawn(orch, claimed.stored, { ...plan, signal: options.signal }), woke: false }
  // barrier: spawn-settled
  const { id, prompt } = stored.record
  const { end, agent: seen } = options.wait
    ? await awaitTurn(orch, id, prompt?.messageId ?? null, options)
    : NOT_AWAITED
  const { agent, stored: now } =
    seen === null ? await lookAtOne(orch, stored, options.signal) : { agent: seen, stored: await reread(orch, id) }
  const { prompt: receipt, attachments: given = [] } = now.record
  const made = { agent, created: claimed.created, prompt: receipt ?? notDelivered(), attachments: given }
  const { apiVersion, warnings } = documentFor([now])
  const taken = woke ? await warnOfInterrupted(orch, stored.record.backend, options.signal) : []
  const said = claimed.created ? plan.warnings : []
  return { apiVersion, warnings: [...warnings, ...said, ...taken], ...made, ...end }
}

function notDelivered(): Receipt {
  const reason = { code: 'NOT_BEGUN', text: 'It was not given its task yet' }
  return { messageId: null, delivery: 'unconfirmed', reason, evidence: [], at: new Date().toISOString() }
}
