import type { Exit } from '../agent.ts'
import { messageOf } from '../attachments.ts'
import type { Backend } from '../backend.ts'
import { OrchError } from '../errors.ts'
import { isOnItsWay } from '../messages/is-on-its-way.ts'
import { lookAtOne, toRef } from '../orchestrator/look.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { updateRecord } from '../orchestrator/update-record.ts'
import type { StoredRecord } from '../registry/record.ts'
import { exitText } from '../state/rules-of-exit.ts'
import { TIMING } from '../timing.ts'
import { uniqueId } from '../unique.ts'
import { keptFiles } from '../workspace/kept-files.ts'

/** Under what the files of a task are kept: whoever recovers the spawn gives them too. */
export const TASK_FILES = 'task'

/** What an agent is given, and by whom. */
export interface GivenTask {
  readonly backend: Backend
  readonly prompt: string
  readonly signal: AbortSignal | undefined
}

/** Gives the task to an agent that was placed and has none, and records how that went. */
export async function begin(
  orch: Orch,
  placed: StoredRecord,
  { backend, prompt, signal }: GivenTask,
): Promise<StoredRecord> {
  const { id } = placed.record
  const messageId = uniqueId()
  const files = keptFiles(placed.record.workspace, TASK_FILES, placed.record.attachments)
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.createTimeoutMs)
  const call = { backend: backend.name, agent: id, verb: 'begin', timeoutMs, signal, acts: true }
  const receipt = await callBackend(call, (inner) =>
    backend.begin(toRef(placed.record), messageOf(messageId, prompt, files), inner),
  )
  // barrier: task-given
  if (receipt.delivery === 'refused') {
    const exit = await exitOf(orch, placed, signal)
    const failure =
      exit === null
        ? (receipt.reason ?? { code: 'REFUSED', text: 'It refused its task' })
        : { code: 'PROCESS_ENDED', text: `Its program ended ${exitText(exit)} before that` }
    await updateRecord(orch, placed, 'refused', () => ({ lifecycle: 'failed', failure, owner: null }))
    throw new OrchError('CREATE_FAILED', `Cannot give "${id}" its task: ${failure.text}`, {
      agent: id,
      backend: backend.name,
      hint:
        exit === null
          ? `End it with "orch abandon ${id}", then spawn again`
          : `See what it printed with "orch tail ${id}"`,
      outcome: 'partial',
    })
  }
  const open = isOnItsWay(receipt, backend.capabilitiesOf(toRef(placed.record)))
  return await updateRecord(orch, placed, 'begun', (now) => ({
    lifecycle: 'active',
    prompt: receipt,
    attempts: open ? [...now.attempts, { id: messageId, at: receipt.at }] : now.attempts,
  }))
}

/** How the program of an agent ended that took no task; `null` where it runs, or that cannot be told. */
function exitOf(orch: Orch, placed: StoredRecord, signal: AbortSignal | undefined): Promise<Exit | null> {
  return lookAtOne(orch, placed, signal).then(
    ({ agent }) => agent.exit,
    () => null,
  )
}
