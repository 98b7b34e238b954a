import type { AgentRequest, Evidence, Exit, Reason, State } from '../agent.ts'
import type { Observation, ProcessInfo, Turn } from '../backend.ts'
import { NOT_SHOWN } from '../backend.ts'
import type { AgentRecord } from '../registry/record.ts'
import type { Report } from '../workspace/report.ts'
import { cutOffAfterComplete, isComplete, newestTurn } from './cut-off.ts'

/** What `deriveState` answers. `since` is ISO 8601, or `null` when it was not seen. */
export interface DerivedState {
  readonly state: State
  readonly reason: Reason
  readonly evidence: readonly Evidence[]
  readonly since: string | null
}

type Rule = (facts: Facts) => DerivedState | null

interface Facts {
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

/** How a process ended: `with code 3`, `by signal SIGKILL`. */
export function exitText({ code, signal }: Exit): string {
  return signal === null ? `with code ${code}` : `by signal ${signal}`
}

/** The hang-up that the death of its server causes is no exit of its own. */
function ownExit(exit: Exit | null, observation: Observation | null): Exit | null {
  const lost = observation?.existence.known === true && observation.existence.value === 'lost'
  return lost && exit?.signal === 'SIGHUP' ? null : exit
}

const closed: Rule = ({ record }) => {
  if (record.lifecycle !== 'completed' && record.lifecycle !== 'abandoned') return null
  const at = record.endedAt ?? record.spawnedAt
  const evidence: Evidence[] = [{ source: 'record', detail: `lifecycle ${record.lifecycle}`, at }]
  return { ...endedBy(record.lifecycle, record), evidence, since: record.endedAt }
}

/** Stopped by orch and not closed yet: its end is no failure of its own. */
const ending: Rule = ({ record, observation, exit, process }) => {
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

const resuming: Rule = ({ record }) =>
  record.resuming
    ? {
        state: 'starting',
        reason: { code: 'RESUMING', text: 'Its program is being started again' },
        evidence: [{ source: 'record', detail: 'it is being resumed', at: record.resuming.at }],
        since: record.resuming.at,
      }
    : null

const spawning: Rule = ({ record, observation }) => {
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

const failedExit: Rule = ({ record, exit, observation }) => {
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

const over: Rule = (facts) => {
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
const QUEUED: Reason = { code: 'QUEUED', text: 'It waits to be started' }
const NO_TURN_YET: Reason = { code: 'NO_TURN_YET', text: 'It was accepted; no turn was seen yet' }
const NEVER_BEGUN: Reason = {
  code: 'ENDING',
  text: 'It runs no turn; its end was begun and not finished: complete or abandon it again',
}

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

function evidenceOf(observation: Observation | null, field: 'existence' | 'process' | 'requests'): readonly Evidence[] {
  const seen = observation?.[field]
  return seen?.known ? [seen.evidence] : []
}

function exitEvidence(record: AgentRecord, observation: Observation | null): readonly Evidence[] {
  const at = observation?.at ?? record.spawnedAt
  const kept: Evidence = { source: 'record', detail: 'its exit was seen before and recorded', at }
  return record.exit !== null && !observation?.process.known ? [kept] : evidenceOf(observation, 'process')
}
