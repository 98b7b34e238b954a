import { ownerLiveness } from '../process-owner.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'

/** Whether a process that is provably gone, or gave up, was spawning it. */
export function isAbandonedSpawn({ record }: StoredRecord): boolean {
  if (record.lifecycle !== 'spawning') return false
  return isGone(record.owner)
}

/** Whether a process that is provably gone was starting the agent's program again. */
export function isAbandonedResume({ record }: StoredRecord): boolean {
  return !!record.resuming && ownerLiveness(record.resuming.owner) === 'gone'
}

/** Whether whoever was at an agent gave up, or is provably gone. */
export function isGone(owner: AgentRecord['owner']): boolean {
  return owner === null || ownerLiveness(owner) === 'gone'
}
