import { assertNotDelivered, isBeingDelivered } from '../orchestrator/being-ended.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { appendUnlessChanged, reread, updateRecord } from '../orchestrator/update-record.ts'
import { currentOwner } from '../process-owner.ts'
import type { Delivered, StoredRecord } from '../registry/record.ts'
import { recheck } from '../timing.ts'
import { uniqueId } from '../unique.ts'

/** Records that this process hands the work over now; `null`, and it may not, when the record changed since `stored`. */
export async function beginDelivery(
  orch: Orch,
  stored: StoredRecord,
  how: Delivered['how'],
): Promise<StoredRecord | null> {
  const delivering = { uid: uniqueId(), owner: currentOwner(), how, at: new Date().toISOString() }
  return await appendUnlessChanged(orch, stored, { type: 'delivering', set: { delivering } })
}

/** Lets others end the agent again, where this process was not able to; one that ends need not say so. Never throws. */
export async function giveUpDelivery(orch: Orch, stored: StoredRecord): Promise<void> {
  const { id, delivering: own } = stored.record
  if (!own) return
  const giveUp = async (): Promise<unknown> =>
    updateRecord(orch, await reread(orch, id), 'delivering', ({ delivering }) =>
      delivering?.uid === own.uid ? { delivering: null } : null,
    )
  await giveUp().catch(() => {})
}

/**
 * Waits until no other process hands over the work of an agent.
 * @throws OrchError `BUSY` when it is still at it after `requestTimeoutMs`
 */
export async function awaitDelivery(
  orch: Orch,
  stored: StoredRecord,
  signal: AbortSignal | undefined,
): Promise<StoredRecord> {
  if (!isBeingDelivered(stored.record)) return stored
  let now = stored
  const look = async (): Promise<true | undefined> => {
    now = await reread(orch, stored.record.id)
    return now.closed || !isBeingDelivered(now.record) || undefined
  }
  await recheck(look, { timeoutMs: orch.requestTimeoutMs, everyMs: 50, mostMs: 1_000, signal })
  if (!now.closed) assertNotDelivered(now.record)
  return now
}
