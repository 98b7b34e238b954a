import { deliverQueued } from '../messages/deliver-queued.ts'
import { recoverSpawns } from '../recovery/recover.ts'
import type { StoredRecord } from '../registry/record.ts'
import type { BulkLook } from './look.ts'
import type { Orch } from './orch.ts'

/**
 * Does what somebody who looks has to do, since there is no daemon: delivers messages that wait for an idle agent, and
 * goes on with spawns whose process died.
 * @returns the record of each look, the same object where nothing was done
 */
export async function actOnLook(
  orch: Orch,
  { looks, found }: Pick<BulkLook, 'looks' | 'found'>,
  signal: AbortSignal | undefined,
): Promise<readonly StoredRecord[]> {
  const delivered = await deliverQueued(orch, looks, { signal })
  return await recoverSpawns(
    orch,
    delivered.map(({ stored }) => stored),
    found,
    signal,
  )
}
