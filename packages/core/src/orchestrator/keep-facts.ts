import type { Observation } from '../backend.ts'
import { isOrchError } from '../errors.ts'
import { withoutAttempts } from '../messages/without-attempts.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import type { Orch } from './orch.ts'
import { updateRecord } from './update-record.ts'

/** What a look proves that is not in the record yet. */
export interface News {
  readonly change: (now: AgentRecord) => RecordChange | null
  /** Whether a later look would show it again. */
  readonly mayBeLost: boolean
}

/**
 * Stores what can never change again: how the process ended, and what the backend wants kept. A look does not fail
 * because that cannot be stored now: the next one sees it again.
 */
export async function keepFacts(orch: Orch, stored: StoredRecord, { change, mayBeLost }: News): Promise<StoredRecord> {
  try {
    return await updateRecord(orch, stored, { type: 'observed', mayBeLost }, change)
  } catch (error) {
    if (isOrchError(error)) return stored
    throw error
  }
}

/** What an observation proves and the record does not have yet; `null` for nothing. */
export function newFactsOf({ record, damage, closed }: StoredRecord, observation: Observation): News | null {
  if (damage !== null || closed) return null
  const exit = observation.process.known ? observation.process.value.exit : null
  const arrived = observation.arrived ?? []
  const newExit = record.exit === null && exit !== null
  const newFacts = observation.facts !== undefined && JSON.stringify(observation.facts) !== JSON.stringify(record.facts)
  const settled = record.attempts.some(({ id }) => arrived.includes(id))
  if (!newExit && !newFacts && !settled) return null
  const change = (now: AgentRecord): RecordChange | null =>
    isSameRun(now, record)
      ? {
          ...(newExit ? { exit } : {}),
          ...(newFacts ? { facts: observation.facts ?? null } : {}),
          ...(settled ? withoutAttempts(now, arrived) : {}),
        }
      : null
  return { change, mayBeLost: !newExit }
}

/** Whether nobody started the agent's program again since: what was seen of one run is not true of the next. */
function isSameRun(now: AgentRecord, before: AgentRecord): boolean {
  return now.resumedAt === before.resumedAt
}
