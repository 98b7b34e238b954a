import type { Found } from '../backend.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { isAbandonedResume, isAbandonedSpawn } from './abandoned.ts'

/**
 * Goes on with spawns and resumptions whose process is provably gone, by what their backend finds under their id: adopts, begins, or
 * marks as failed. One that was made and is gone again, or is being ended, is adopted and given no task; a failed one
 * that turned up is adopted too. What cannot be looked at stays as it is.
 * @param found what the look that just ended showed; a spawn not in it is looked for once more
 */
export async function recoverSpawns(
  orch: Orch,
  records: readonly StoredRecord[],
  found: readonly (Found & { readonly backend: string })[],
  signal: AbortSignal | undefined,
): Promise<readonly StoredRecord[]> {
  const abandoned = records.filter(
    (stored) => stored.damage === null && (isAbandonedSpawn(stored) || isAbandonedResume(stored)),
  )
  const late = records.filter(({ record }) => mayTurnUp(record) && found.some(({ id }) => id === record.id))
  if (abandoned.length + late.length === 0) return records
  const { recoverOn } = await import('./recover-on.ts')
  const changed = new Map<string, StoredRecord>()
  for (const [name, group] of byBackend([...abandoned, ...late])) {
    for (const stored of await recoverOn(orch, name, group, signal)) changed.set(stored.record.id, stored)
  }
  return records.map((stored) => changed.get(stored.record.id) ?? stored)
}

/** What a process that failed or died at starting it asked for may still turn up. */
function mayTurnUp({ lifecycle, handle, start }: AgentRecord): boolean {
  if (handle !== null) return false
  return lifecycle === 'failed' || (lifecycle === 'queued' && start !== undefined && start.triedAt !== null)
}

function byBackend(records: readonly StoredRecord[]): Map<string, StoredRecord[]> {
  const groups = new Map<string, StoredRecord[]>()
  for (const stored of records) {
    const group = groups.get(stored.record.backend)
    if (group) group.push(stored)
    else groups.set(stored.record.backend, [stored])
  }
  return groups
}
