import type { Evidence, Exit, Reason, State } from '../agent.ts'
import type { Observation, ProcessInfo, Turn } from '../backend.ts'
import type { AgentRecord } from '../registry/record.ts'
import type { Report } from '../workspace/report.ts'

/** What `deriveState` answers. `since` is ISO 8601, or `null` when it was not seen. */
export interface DerivedState {
  readonly state: State
  readonly reason: Reason
  readonly evidence: readonly Evidence[]
  readonly since: string | null
}

/** A state, where the facts show it. */
export type Rule = (facts: Facts) => DerivedState | null

/** All that a state is derived from. */
export interface Facts {
  readonly record: AgentRecord
  readonly observation: Observation | null
  readonly report: Report
  readonly exit: Exit | null
  readonly process: ProcessInfo | null
  /** The newest turn; `null` when it was not seen. */
  readonly turn: Turn | null
  /** Whether it says so, of all that it was told. */
  readonly complete: boolean
  /** It said so before a message whose turn was cut off. */
  readonly outdated: boolean
}

/** Why one runs no turn whose end was begun before its task was given. */
export const NEVER_BEGUN: Reason = {
  code: 'ENDING',
  text: 'It runs no turn; its end was begun and not finished: complete or abandon it again',
}

/** What proves a field that was seen. */
export function evidenceOf(
  observation: Observation | null,
  field: 'existence' | 'process' | 'requests',
): readonly Evidence[] {
  const seen = observation?.[field]
  return seen?.known ? [seen.evidence] : []
}

/** What proves how the process ended. */
export function exitEvidence(record: AgentRecord, observation: Observation | null): readonly Evidence[] {
  const at = observation?.at ?? record.spawnedAt
  const kept: Evidence = { source: 'record', detail: 'its exit was seen before and recorded', at }
  return record.exit !== null && !observation?.process.known ? [kept] : evidenceOf(observation, 'process')
}
