import type { Found } from '../backend.ts'
import type { JsonValue } from '../json.ts'
import { withoutAttempts } from '../messages/without-attempts.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { updateRecord } from '../orchestrator/update-record.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import { TIMING } from '../timing.ts'

/** What a message comes to that was on its way to a program which has ended. */
const PROGRAM_ENDED = { code: 'PROCESS_ENDED', text: 'Its program ended before it was seen to have the message' }

/**
 * Records what became of a resumption whose process is gone: what is there now is the agent's, whichever of its runs
 * that is, as its end shows again. Nothing is recorded while what was asked for may still turn up.
 */
export async function recoverResume(orch: Orch, stored: StoredRecord, there: Found | null): Promise<StoredRecord> {
  const { resuming, handle } = stored.record
  const isNew = there !== null && JSON.stringify(there.handle) !== JSON.stringify(handle)
  if (!resuming || (!isNew && Math.abs(Date.now() - Date.parse(resuming.at)) < TIMING.inFlightMs)) return stored
  return await updateRecord(orch, stored, there === null ? 'resume-failed' : 'resumed', (now) => {
    if (now.resuming?.at !== resuming.at) return null
    return there === null ? { resuming: null } : newRunChange(now, there.handle)
  })
}

/** What changes in a record when its agent has a new run. Pure. */
export function newRunChange(now: AgentRecord, handle: JsonValue): RecordChange {
  const lost = now.attempts.map(({ id }) => id)
  const { messagedAt } = withoutAttempts(now, lost)
  return {
    ...withoutAttempts(now, lost, PROGRAM_ENDED),
    ...(messagedAt !== undefined && { messagedAt }),
    handle,
    exit: null,
    resuming: null,
    resumedAt: new Date().toISOString(),
  }
}
