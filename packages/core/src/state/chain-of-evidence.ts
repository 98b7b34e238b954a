import type { Evidence, Finding, Reason } from '../agent.ts'
import type { Observation } from '../backend.ts'
import type { Report } from '../workspace/report.ts'

const OUTRANKED: Reason = { code: 'OUTRANKED', text: 'What ranks before it decided' }

/**
 * Everything that one look saw of an agent, by rank: what its backend looked at, then the agent's own page. Pure.
 * @param decisive what the state rests on; it is always part of the chain
 */
export function chainOfEvidence(
  decisive: readonly Evidence[],
  observation: Observation | null,
  report: Report,
): readonly Finding[] {
  const page = report.evidence.map((evidence): Finding => ({ ...evidence, reason: whyNot(report) }))
  const seen = [...(observation === null ? [] : (observation.looked ?? fieldsOf(observation))), ...page]
  const missing = decisive.filter((one) => !seen.some((other) => isSame(one, other)))
  return [
    ...missing.map((one): Finding => ({ ...one, reason: null })),
    ...seen.map((one) => ({
      ...one,
      reason: decisive.some((other) => isSame(one, other)) ? null : (one.reason ?? OUTRANKED),
    })),
  ]
}

/** Of a backend that tells no more than what it saw, each thing once. */
function fieldsOf({ existence, process, requests, turn }: Observation): Finding[] {
  const seen = [existence, process, requests, turn].flatMap((field) => (field.known ? [field.evidence] : []))
  const once = seen.filter((one, index) => seen.findIndex((other) => isSame(one, other)) === index)
  return once.map((one) => ({ ...one, reason: null }))
}

function whyNot({ phase, unreadable }: Report): Reason {
  if (unreadable !== null) return unreadable
  const text = phase === null ? 'It reports no phase' : `It reports the phase "${phase.name}", which is no state`
  return { code: 'NO_STATE', text }
}

function isSame(one: Evidence, other: Evidence): boolean {
  return one.source === other.source && one.detail === other.detail
}
