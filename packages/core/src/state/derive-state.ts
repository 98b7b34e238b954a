import type { AgentRequest, Exit, Reason } from '../agent.ts'
import { NOT_SHOWN, type Observation } from '../backend.ts'
import type { AgentRecord } from '../registry/record.ts'
import type { Report } from '../workspace/report.ts'
import { cutOffAfterComplete, isComplete, newestTurn } from './cut-off.ts'
import { type DerivedState, evidenceOf, type Facts, NEVER_BEGUN, type Rule } from './facts.ts'
import { failedExit, over } from './rules-of-exit.ts'
import { closed, ending, resuming, spawning } from './rules-of-record.ts'

/**
 * The state of an agent: the first rule of design §4 that matches. Pure.
 * `observation` is `null` when there was nothing to look at: the record is closed, or its spawn has not made anything yet.
 */
export function deriveState(record: AgentRecord, observation: Observation | null, report: Report): DerivedState {
  const process = observation?.process.known ? observation.process.value : null
  const outdated = cutOffAfterComplete(record, observation, report) !== null
  const facts: Facts = {
    record,
    observation,
    report,
    process,
    exit: ownExit(record.exit ?? process?.exit ?? null, observation),
    turn: newestTurn(record, observation),
    complete: isComplete(report.phase?.name) && !outdated,
    outdated,
  }
  for (const rule of RULES) {
    const derived = rule(facts)
    if (derived !== null) return derived
  }
  return unknown('NOT_OBSERVED', 'Nothing was seen of it')
}

/** What is open for an agent: what its backend saw and what stands in its workspace. */
export function openRequests(observation: Observation | null, report: Report): readonly AgentRequest[] {
  return [...(observation?.requests.known ? observation.requests.value : []), ...report.requests]
}

/** The hang-up that the death of its server causes is no exit of its own. */
function ownExit(exit: Exit | null, observation: Observation | null): Exit | null {
  const lost = observation?.existence.known === true && observation.existence.value === 'lost'
  return lost && exit?.signal === 'SIGHUP' ? null : exit
}

const notLookedAt: Rule = ({ observation, exit }) =>
  observation === null || observation.existence.known || exit !== null
    ? null
    : unknown(observation.existence.reason.code, observation.existence.reason.text)

const lost: Rule = ({ observation, exit }) => {
  if (exit !== null || !observation?.existence.known || observation.existence.value !== 'lost') return null
  return {
    state: 'lost',
    reason: { code: 'SERVER_OVER', text: 'The server that ran it is over, and its program with it' },
    evidence: [observation.existence.evidence],
    since: null,
  }
}

const unseenPart: Rule = ({ observation, report }) => {
  if (observation === null || report.unreadable !== null)
    return report.unreadable === null ? null : unknown(report.unreadable.code, report.unreadable.text)
  for (const field of [observation.process, observation.requests, observation.turn]) {
    if (!field.known && field.reason.code !== NOT_SHOWN) return unknown(field.reason.code, field.reason.text)
  }
  return null
}

const waiting: Rule = ({ observation, report }) => {
  const requests = openRequests(observation, report)
  const first = requests[0]
  if (first === undefined) return null
  const more = requests.length > 1 ? ` (and ${requests.length - 1} more)` : ''
  return {
    state: 'waiting',
    reason: { code: first.kind.toUpperCase(), text: `${first.text}${more}` },
    evidence: report.requests.includes(first) ? report.evidence : evidenceOf(observation, 'requests'),
    since: first.since,
  }
}

const working: Rule = ({ observation }) => {
  if (!observation?.turn.known || observation.turn.value.status !== 'running') return null
  const turn = observation.turn.value
  return {
    state: 'working',
    reason: turn.reason ?? { code: 'TURN_RUNNING', text: 'A turn runs' },
    evidence: [observation.turn.evidence],
    since: turn.since,
  }
}

const failedTurn: Rule = ({ observation, turn }) => {
  if (!observation?.turn.known || turn?.status !== 'ended' || turn.how !== 'error') return null
  return {
    state: 'failed',
    reason: turn.reason ?? { code: 'TURN_FAILED', text: 'The last turn ended in an error' },
    evidence: [observation.turn.evidence],
    since: turn.at,
  }
}

const done: Rule = ({ complete, report, observation }) =>
  !complete || observation === null
    ? null
    : {
        state: 'done',
        reason: { code: 'PHASE_COMPLETE', text: report.phase?.note ?? 'It reported Complete' },
        evidence: report.evidence,
        since: report.phase?.at ?? null,
      }

const idle: Rule = ({ observation, turn, outdated }) => {
  if (!observation?.turn.known || turn?.status !== 'ended') return null
  const interrupted = turn.how === 'interrupted'
  const before = outdated ? '; it had reported Complete before that' : ''
  return {
    state: 'idle',
    reason: interrupted
      ? { code: 'INTERRUPTED', text: `${turn.reason?.text ?? 'The last turn was interrupted'}${before}` }
      : (turn.reason ?? { code: 'TURN_ENDED', text: 'The last turn ended' }),
    evidence: [observation.turn.evidence],
    since: turn.at,
  }
}

const running: Rule = ({ observation }) =>
  observation === null || observation.turn.known
    ? null
    : {
        state: 'running',
        reason: { code: 'TURNS_NOT_SHOWN', text: `It is alive. ${observation.turn.reason.text}` },
        evidence: evidenceOf(observation, observation.process.known ? 'process' : 'existence'),
        since: null,
      }

const starting: Rule = ({ record, observation }) =>
  observation === null
    ? null
    : {
        state: 'starting',
        reason: whyStarting(record),
        evidence: evidenceOf(observation, 'existence'),
        since: record.spawnedAt,
      }

function whyStarting({ ending, prompt }: AgentRecord): Reason {
  if (ending !== undefined) return NEVER_BEGUN
  return prompt?.delivery === 'unconfirmed' ? TASK_UNCONFIRMED : NO_TURN_YET
}

const TASK_UNCONFIRMED: Reason = {
  code: 'TASK_UNCONFIRMED',
  text: 'It runs no turn, and nobody knows whether it got its task: send it again, or abandon it',
}
const NO_TURN_YET: Reason = { code: 'NO_TURN_YET', text: 'It was accepted; no turn was seen yet' }
const RULES: readonly Rule[] = [
  closed,
  spawning,
  resuming,
  ending,
  notLookedAt,
  lost,
  failedExit,
  over,
  waiting,
  unseenPart,
  working,
  failedTurn,
  done,
  idle,
  running,
  starting,
]

function unknown(code: string, text: string): DerivedState {
  return { state: 'unknown', reason: { code, text }, evidence: [], since: null }
}
