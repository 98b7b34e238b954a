import type { AgentRecord, Finding, Observation, Report, State } from '@orch/core'
import { chainOfEvidence, deriveState, NOT_SHOWN } from '@orch/core'
import { explainedObservationOf } from '../../src/explain.ts'
import { hear } from '../../src/hooks/look-at-hooks.ts'
import { recordedWitnesses } from '../../src/hooks/witnesses.ts'
import type { Sighting } from '../../src/observation.ts'

/** Everything that one look saw of an agent, before anything was made of it. */
export interface Situation {
  readonly sighting: Omit<Sighting, 'told' | 'row'> & { readonly row: Sighting['row'] | null }
  readonly record: AgentRecord
  readonly report: Report
}

/** What is made of a situation, by the code that every look uses. */
interface Replay {
  readonly observation: Observation
  readonly state: State
  readonly reason: string
  readonly chain: readonly Finding[]
}

/** What can be kept of a look. */
export function situationOf(sighting: Sighting, record: AgentRecord, report: Report): Situation {
  const { told: _, row = null, look, ...seen } = sighting
  return { sighting: { ...seen, look: look.kind === 'server' ? { ...look, rows: [] } : look, row }, record, report }
}

const NOT_KEPT = { known: false, reason: { code: NOT_SHOWN, text: 'What was used is not kept' } } as const

/** Looks again at what was kept. */
export function replay({ sighting: seen, record, report }: Situation): Replay {
  const { testimony, handle, row } = seen
  const told = testimony === null ? null : hear(handle?.program ?? '', recordedWitnesses(testimony))
  const observation = explainedObservationOf({ ...seen, row: row ?? undefined, told }, NOT_KEPT)
  const { state, reason, evidence } = deriveState(record, observation, report)
  return { observation, state, reason: reason.text, chain: chainOfEvidence(evidence, observation, report) }
}
