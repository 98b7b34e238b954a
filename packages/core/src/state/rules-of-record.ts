import type { Evidence, Reason } from '../agent.ts'
import type { AgentRecord } from '../registry/record.ts'
import { type DerivedState, evidenceOf, exitEvidence, NEVER_BEGUN, type Rule } from './facts.ts'

const QUEUED: Reason = { code: 'QUEUED', text: 'It waits to be started' }

/** What its record alone says. */
export const closed: Rule = ({ record }) => {
  if (record.lifecycle !== 'completed' && record.lifecycle !== 'abandoned') return null
  const at = record.endedAt ?? record.spawnedAt
  const evidence: Evidence[] = [{ source: 'record', detail: `lifecycle ${record.lifecycle}`, at }]
  return { ...endedBy(record.lifecycle, record), evidence, since: record.endedAt }
}

/** Stopped by orch and not closed yet: its end is no failure of its own. */
export const ending: Rule = ({ record, observation, exit, process }) => {
  const ended = exit !== null || process?.alive === false
  const gone = observation?.existence.known === true && observation.existence.value !== 'present'
  if (record.ending === undefined || !(ended || gone)) return null
  const evidence = ended ? exitEvidence(record, observation) : evidenceOf(observation, 'existence')
  return { ...endedBy(record.ending, record), evidence, since: null }
}

function endedBy(
  lifecycle: 'completed' | 'abandoned',
  { endReason }: AgentRecord,
): Pick<DerivedState, 'state' | 'reason'> {
  const why = endReason === undefined ? '' : `: ${endReason}`
  return lifecycle === 'completed'
    ? { state: 'done', reason: { code: 'COMPLETED', text: `It was completed${why}` } }
    : { state: 'exited', reason: { code: 'ABANDONED', text: `It was abandoned${why}` } }
}

/** Its program is started again. */
export const resuming: Rule = ({ record }) =>
  record.resuming
    ? {
        state: 'starting',
        reason: { code: 'RESUMING', text: 'Its program is being started again' },
        evidence: [{ source: 'record', detail: 'it is being resumed', at: record.resuming.at }],
        since: record.resuming.at,
      }
    : null

/** It is not made yet, or could not be. */
export const spawning: Rule = ({ record, observation }) => {
  if (record.lifecycle === 'failed') {
    const reason = record.failure ?? { code: 'CREATE_FAILED', text: 'Its spawn failed' }
    const evidence: Evidence[] = [{ source: 'record', detail: 'lifecycle failed', at: record.spawnedAt }]
    return { state: 'failed', reason, evidence, since: record.endedAt }
  }
  if (record.lifecycle === 'queued') {
    const reason = record.ending === undefined ? (record.failure ?? QUEUED) : NEVER_BEGUN
    const evidence: Evidence[] = [{ source: 'record', detail: 'lifecycle queued', at: record.spawnedAt }]
    return { state: 'queued', reason, evidence, since: record.spawnedAt }
  }
  if (record.lifecycle !== 'spawning' || observation !== null) return null
  return {
    state: 'starting',
    reason: { code: 'SPAWNING', text: 'It is being spawned' },
    evidence: [{ source: 'record', detail: 'lifecycle spawning', at: record.spawnedAt }],
    since: record.spawnedAt,
  }
}
