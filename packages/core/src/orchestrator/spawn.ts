import type { Receipt } from '../agent.ts'
import type { SpawnDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { readGitHead } from '../git.ts'
import type { AgentRecord } from '../registry/record.ts'
import { prepareWorkspaces } from '../workspace/workspace.ts'
import { agreeOnWork } from './agreed-work.ts'
import { assertWillAnswer, awaitTurn, NOT_AWAITED } from './await-turn.ts'
import { chooseBackend, chooseProgram } from './choose-backend.ts'
import { claimAgent } from './claim-agent.ts'
import { warnOfInterrupted } from './interrupted-turns.ts'
import { lookAtOne } from './look.ts'
import { makeAgent, plannedAgent } from './make-agent.ts'
import { newRecord, wantedAgent } from './new-record.ts'
import type { SpawnOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { settleSpawn } from './settle-spawn.ts'
import { takeAttachments, unsupported } from './take-attachments.ts'
import { reread } from './update-record.ts'
import { documentFor } from './warnings.ts'

/**
 * Starts an agent. Every step is recorded before the next one, so that a crash at any instruction is recovered from
 * by the next `status` (design §6). With `wait` it stays until the turn of the task is over, and brings the answer.
 * @throws OrchError `EMPTY_TASK`, `WORKSPACE_UNWRITABLE`, `BACKEND_*`, `PROGRAM_*`, `UNSUPPORTED`, `CREATE_FAILED` …
 */
export async function spawn(orch: Orch, options: SpawnOptions): Promise<SpawnDocument> {
  if (options.task.trim() === '') {
    throw new OrchError('EMPTY_TASK', 'Cannot spawn an agent: the task is empty', {
      hint: 'Give the task as an argument, with --file FILE, or on standard input with "-"',
    })
  }
  const program = chooseProgram(orch, options)
  const work = agreeOnWork(orch, options)
  const [{ commit, branch }, backend] = await Promise.all([
    readGitHead(orch.directory, options.signal),
    chooseBackend(orch, options),
  ])
  const plan = plannedAgent(wantedAgent(orch, options, { backend, program }))
  if (options.wait) await assertWillAnswer(orch, backend, plan, options.signal)
  const attachments = await takeAttachments(orch, options.attach, { backend })
  if (attachments.length > 0 && program.spec !== null && !['send', null].includes(program.spec.promptBy))
    throw unsupported(backend, undefined)
  prepareWorkspaces(orch.project)
  const recordFor = (id: string): AgentRecord =>
    newRecord(orch, options, { id, backend, program, commit, branch, attachments, work })
  const claimed = await claimAgent(orch, options, recordFor)
  // barrier: spawn-claimed
  const { stored, woke } = claimed.created
    ? await makeAgent(orch, claimed.stored, { backend, task: options.task, signal: options.signal })
    : { stored: await settleSpawn(orch, claimed.stored, options), woke: false }
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
  return { apiVersion, warnings: [...warnings, ...taken], ...made, ...end }
}

function notDelivered(): Receipt {
  const reason = { code: 'NOT_BEGUN', text: 'It was not given its task yet' }
  return { messageId: null, delivery: 'unconfirmed', reason, evidence: [], at: new Date().toISOString() }
}
