import type { Orch } from '../orchestrator/orch.ts'
import { reread, resumedMeanwhile } from '../orchestrator/update-record.ts'
import { ownerLiveness } from '../process-owner.ts'
import type { StoredRecord } from '../registry/record.ts'
import { recheck, TIMING } from '../timing.ts'
import { recoverSpawns } from './recover.ts'
import { LOOK_AGAIN_MS } from './turn-up.ts'

/**
 * Waits until it is known what became of a resumption whose process died, for who is about to end the agent.
 * @returns the same record when there was none
 * @throws OrchError `BUSY` while a process resumes the agent, or nothing can be found out
 */
export async function settleResume(
  orch: Orch,
  stored: StoredRecord,
  signal: AbortSignal | undefined,
): Promise<StoredRecord> {
  const { id, resuming } = stored.record
  if (!resuming) return stored
  if (ownerLiveness(resuming.owner) !== 'gone') throw resumedMeanwhile(id)
  const settled = async (): Promise<StoredRecord | undefined> => {
    const [now] = await recoverSpawns(orch, [await reread(orch, id)], [], signal)
    return now?.record.resuming ? undefined : now
  }
  const timing = { timeoutMs: 2 * TIMING.inFlightMs, everyMs: LOOK_AGAIN_MS, signal }
  const now = await recheck(settled, timing)
  if (now === undefined) throw resumedMeanwhile(id)
  return now
}
