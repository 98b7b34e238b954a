import { type Attempt, type Reason, TIMING, type Turn } from '@orch/core'
import type { Status, StoredMessage } from './parse.ts'

/** What was seen of one session, in this order: its status, then its newest messages, oldest first. */
export interface TurnView {
  /** `undefined` when the server does not list it: it is idle, or a turn has only just been accepted. */
  readonly status: Status | undefined
  /** `null` when they were not read, as is enough while a turn runs. */
  readonly messages: readonly StoredMessage[] | null
  /** Messages that were sent and not yet found. */
  readonly attempts: readonly Attempt[]
  /** When the server was started, milliseconds since 1970; `null` when that is not known. */
  readonly serverStartedAt: number | null
  readonly now: number
}

/** How the newest turn stands. */
export interface TurnDecision {
  readonly turn: Turn
  /** The end stands while the session's `time.updated` does. */
  readonly isSettled: boolean
  /** Status and messages may stem from different instants: look at both again, and believe it if it stays so. */
  readonly lookAgain: boolean
  /** Ids of the attempts that are stored. */
  readonly arrived: readonly string[]
}

/**
 * Decides how the newest turn stands. It is over when the newest user message has a final answer; for what a killed
 * server or an abort leaves unanswered, see the cases. Source: facts measured on OpenCode 1.18.33.
 */
export function decideTurn(view: TurnView): TurnDecision {
  const arrived = arrivedAttempts(view)
  const seen = view.status === undefined ? endOf(view) : { ...running(view.status, view), isSettled: false }
  const onItsWay = view.attempts.some(({ id, at }) => !arrived.includes(id) && isYoung(Date.parse(at), view.now))
  if (seen.turn.status === 'running' || !onItsWay) return { ...seen, lookAgain: seen.lookAgain === true, arrived }
  const reason = { code: 'MESSAGE_ON_ITS_WAY', text: 'A message that was sent may still arrive' }
  return { turn: { status: 'running', since: null, reason }, isSettled: false, lookAgain: false, arrived }
}

/** An attempt is stored when a user message carries its id. */
function arrivedAttempts({ attempts, messages }: Pick<TurnView, 'attempts' | 'messages'>): string[] {
  const tags = new Set((messages ?? []).flatMap(({ parts }) => parts.flatMap(({ tag }) => tag ?? [])))
  return attempts.flatMap(({ id }) => (tags.has(id) ? [id] : []))
}

/** Whether an answer says that its turn is over. A finish `tool-calls` is not final: the next step follows. */
export function isFinalAnswer({ role, error, completedAt, finish }: StoredMessage): boolean {
  if (role !== 'assistant') return false
  return error !== null || (completedAt !== null && finish !== null && finish !== 'tool-calls')
}

interface Seen {
  readonly turn: Turn
  readonly isSettled: boolean
  readonly lookAgain?: true
}

function running(status: Status, { messages }: TurnView): { readonly turn: Turn; readonly lookAgain?: true } {
  const since = messages?.findLast(({ role }) => role === 'user')?.createdAt
  const reason =
    status.type === 'retry' ? { code: 'RETRYING', text: `Attempt ${status.attempt} failed: ${status.message}` } : null
  return { turn: { status: 'running', since: since === undefined ? null : iso(since), reason } }
}

function endOf(view: TurnView): Seen {
  const messages = view.messages ?? []
  const asked = messages.findLast(({ role }) => role === 'user')
  const last = messages.at(-1)
  if (last === undefined) return { turn: { status: 'none' }, isSettled: true }
  const answer = asked === undefined ? last : messages.findLast(({ parentId }) => parentId === asked.id)
  if (answer !== undefined && isFinalAnswer(answer)) return { turn: finalTurn(answer), isSettled: true }
  if (answer !== undefined) return unfinishedAnswer(answer, view)
  return asked === undefined ? unfinishedAnswer(last, view) : unanswered(asked, messages, view)
}

function finalTurn({ error, completedAt, createdAt }: StoredMessage): Turn {
  const at = iso(completedAt ?? createdAt)
  if (error === null) return { status: 'ended', how: 'completed', at, reason: null }
  if (error.name === 'MessageAbortedError') return ended('interrupted', at, ABORTED)
  return ended('error', at, { code: error.name, text: error.text })
}

/** The server runs no turn, and the answer is not final: the last step was denied, or the turn was cut off. */
function unfinishedAnswer(answer: StoredMessage, { serverStartedAt, now }: TurnView): Seen {
  const at = iso(answer.completedAt ?? answer.createdAt)
  if (isBefore(answer, { serverStartedAt, now }))
    return { turn: ended('interrupted', at, SERVER_ENDED), isSettled: true }
  const isSettled = !isYoung(answer.completedAt ?? answer.createdAt, now)
  const failed = answer.parts.some(({ tool }) => tool?.status === 'error')
  if (answer.completedAt !== null && failed)
    return { turn: ended('interrupted', at, DENIED), isSettled, lookAgain: true }
  return { turn: ended('interrupted', at, CUT_OFF), isSettled, lookAgain: true }
}

/** No answer was begun: the turn is about to start, was dropped by an abort, or the server could not start it. */
function unanswered(asked: StoredMessage, messages: readonly StoredMessage[], view: TurnView): Seen {
  const at = iso(asked.createdAt)
  if (isBefore(asked, view)) {
    return { turn: ended('interrupted', at, SERVER_ENDED), isSettled: true }
  }
  const dropped = messages.some(
    ({ error, completedAt }) => error?.name === 'MessageAbortedError' && (completedAt ?? 0) >= asked.createdAt,
  )
  if (dropped) return { turn: ended('interrupted', at, ABORTED), isSettled: true }
  if (isYoung(asked.createdAt, view.now)) {
    return { turn: { status: 'running', since: at, reason: BEGINNING }, isSettled: false }
  }
  return { turn: ended('error', at, NOT_ANSWERED), isSettled: true }
}

const ABORTED: Reason = { code: 'INTERRUPTED', text: 'The turn was interrupted' }
const SERVER_ENDED: Reason = { code: 'SERVER_ENDED', text: 'The server ended while the turn ran' }
const DENIED: Reason = { code: 'DENIED', text: 'A request was denied, which ended the turn' }
const CUT_OFF: Reason = { code: 'CUT_OFF', text: 'The server runs no turn, and the last answer was never finished' }
const BEGINNING: Reason = { code: 'BEGINNING', text: 'The server has the message and has not begun to answer' }
const NOT_ANSWERED: Reason = {
  code: 'NOT_ANSWERED',
  text: 'The server has the message and never began to answer: model or agent definition may be unknown to it',
}

function ended(how: 'error' | 'interrupted', at: string, reason: Reason): Turn {
  return { status: 'ended', how, at, reason }
}

/** Whether an earlier server has it. A start that lies ahead tells nothing: the clock was set back since. */
function isBefore({ createdAt }: StoredMessage, view: Pick<TurnView, 'serverStartedAt' | 'now'>): boolean {
  const { serverStartedAt, now } = view
  return serverStartedAt !== null && serverStartedAt <= now && createdAt < serverStartedAt
}

/** Just now. What lies ahead was written before the clock was set back, however long ago. */
function isYoung(at: number, now: number): boolean {
  return Math.abs(now - at) < TIMING.inFlightMs
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
