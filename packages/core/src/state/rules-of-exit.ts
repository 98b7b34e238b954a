import type { Exit } from '../agent.ts'
import type { Observation } from '../backend.ts'
import { evidenceOf, exitEvidence, type Facts, type Rule } from './facts.ts'

/** How a process ended: `with code 3`, `by signal SIGKILL`. */
export function exitText({ code, signal }: Exit): string {
  return signal === null ? `with code ${code}` : `by signal ${signal}`
}

/** Its process ended badly. */
export const failedExit: Rule = ({ record, exit, observation }) => {
  if (exit === null || (exit.signal === null && (exit.code === 0 || exit.code === null))) return null
  const error = exit.signal === null ? failedTurnOf(observation) : null
  const why = error === null ? '' : ` after its turn failed: ${error}`
  return {
    state: 'failed',
    reason: { code: 'PROCESS_FAILED', text: `Its process ended ${exitText(exit)}${why}` },
    evidence: exitEvidence(record, observation),
    since: null,
  }
}

/** Why the last turn failed that was seen; `null` when it did not, or nobody told why. */
function failedTurnOf(observation: Observation | null): string | null {
  if (!observation?.turn.known) return null
  const { value } = observation.turn
  return value.status === 'ended' && value.how === 'error' ? (value.reason?.text ?? null) : null
}

/** It is not there any more, or its process ended. */
export const over: Rule = (facts) => {
  const { record, exit, process, observation, complete } = facts
  const gone = observation?.existence.known === true && observation.existence.value === 'gone'
  const ended = exit !== null || process?.alive === false
  if (!gone && !ended) return null
  const what = ended ? 'Its process ended' : 'It is not there any more'
  const how = !ended ? '' : exit?.code === 0 ? ' with code 0' : ', it is not known how,'
  return {
    state: complete ? 'done' : 'exited',
    reason: {
      code: complete ? 'PHASE_COMPLETE' : ended ? 'PROCESS_ENDED' : 'GONE',
      text: `${what}${how}${whatItReported(facts)}`,
    },
    evidence: ended ? exitEvidence(record, observation) : evidenceOf(observation, 'existence'),
    since: null,
  }
}

function whatItReported({ complete, outdated, report: { unreadable } }: Facts): string {
  if (complete) return ', and it reported Complete'
  if (outdated) return ' in the turn of a message that came after it had reported Complete'
  return unreadable === null
    ? ' without having reported Complete'
    : `; whether it reported Complete is not known: ${unreadable.text}`
}
