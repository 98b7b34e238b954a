import type { StoredRecord } from '../registry/record.ts'

/** The code of a reason why one that is queued cannot be started unless somebody does something about another agent. */
export const DEPENDENCY_FAILED = 'DEPENDENCY_FAILED'

/** Whether an agent waits to be started, and nobody ends it. */
export function isQueued({ record, closed, damage }: StoredRecord): boolean {
  return !closed && damage === null && record.lifecycle === 'queued' && record.ending === undefined
}
