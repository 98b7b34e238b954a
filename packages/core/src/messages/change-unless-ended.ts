import type { Reason } from '../agent.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { endedReason } from '../orchestrator/refusal.ts'
import { updateRecord } from '../orchestrator/update-record.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'

/**
 * Changes the record of an agent that is to get a message, unless it has ended or is being ended.
 * @param update its `type`, the change, and `force` for an agent that is being ended
 * @returns the record as it is now, and why it was not changed; `null` when it was
 */
export async function changeUnlessEnded(
  orch: Orch,
  stored: StoredRecord,
  update: { readonly type: string; readonly force: boolean; change(record: AgentRecord): RecordChange },
): Promise<{ readonly stored: StoredRecord; readonly ended: Reason | null }> {
  let ended = null as Reason | null
  const now = await updateRecord(orch, stored, update.type, (record) => {
    ended = endedReason({ record, closed: false }, update.force)
    return ended === null ? update.change(record) : null
  })
  return { stored: now, ended: ended ?? (now.closed ? endedReason(now, update.force) : null) }
}
