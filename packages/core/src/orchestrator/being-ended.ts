import { OrchError } from '../errors.ts'
import { ownerLiveness } from '../process-owner.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'

/** Whether a process that may be alive hands over the agent's work, and ends the agent after that. */
export function isBeingDelivered({ delivering }: Pick<AgentRecord, 'delivering'>): boolean {
  return delivering !== undefined && delivering !== null && ownerLiveness(delivering.owner) !== 'gone'
}

/**
 * That nobody hands over the agent's work now, but for who did so in `before`.
 * @throws OrchError `BUSY`
 */
export function assertNotDelivered(now: AgentRecord, before?: AgentRecord): void {
  if (!isBeingDelivered(now) || now.delivering?.uid === before?.delivering?.uid) return
  throw endedMeanwhile(now.id, 'another process hands over its work and completes it')
}

/**
 * That the agent's end is still that of `before`: of several processes that end it, the last one that recorded so closes its record.
 * @throws OrchError `BUSY`
 */
export function assertSameEnding(now: AgentRecord, before: AgentRecord): void {
  if (now.ending === before.ending) return
  throw endedMeanwhile(now.id, `another process has begun to ${now.ending === 'completed' ? 'complete' : 'abandon'} it`)
}

/**
 * The same closed record, unless it was closed in another way than was wanted.
 * @throws OrchError `CLOSED`
 */
export function assertClosedAs(stored: StoredRecord, wanted: 'completed' | 'abandoned' | 'failed'): StoredRecord {
  const { id, lifecycle } = stored.record
  if (wanted === 'failed' || lifecycle === wanted || (wanted === 'abandoned' && lifecycle === 'failed')) return stored
  const verb = wanted === 'completed' ? 'complete' : 'abandon'
  throw new OrchError('CLOSED', `Cannot ${verb} "${id}": it was ${lifecycle} meanwhile`, {
    hint: `See it with "orch check ${id}"`,
    agent: id,
  })
}

function endedMeanwhile(id: string, how: string): OrchError {
  return new OrchError('BUSY', `Cannot end "${id}": ${how}`, {
    hint: `See how it stands with "orch check ${id}" once that has ended`,
    agent: id,
    retryable: true,
  })
}
