import type { Orch } from '../orchestrator/orch.ts'
import { updateRecord } from '../orchestrator/update-record.ts'
import type { StoredRecord } from '../registry/record.ts'
import type { Brief } from '../spawn/brief.ts'
import { giveUp, writeTask } from '../spawn/make-agent.ts'
import { keepContext } from '../workspace/workspace.ts'

/**
 * Queues the agent of a record that this process claimed: its whole task is written down first, so that any process can
 * start it later, and nothing is asked of its backend.
 * @throws OrchError `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`, `CONFIG_INVALID`; nothing is left then
 */
export async function enqueueAgent(orch: Orch, claimed: StoredRecord, brief: Brief): Promise<StoredRecord> {
  const { record } = claimed
  try {
    await writeTask(orch, record, brief)
    keepContext(record.workspace)
    // barrier: start-task-written
    const { PATH: path } = orch.env
    const queued = await updateRecord(orch, claimed, 'start-queued', ({ lifecycle, start }) =>
      lifecycle === 'spawning'
        ? { lifecycle: 'queued', owner: null, ...(start && path && { start: { ...start, path } }) }
        : null,
    )
    // barrier: start-queued
    return queued
  } catch (error) {
    await giveUp(orch, record.id, { error, nothingLeft: true }).catch(() => {})
    throw error
  }
}
