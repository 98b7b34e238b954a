import type { Attempt, Turn } from '@orch/core'
import type { Status } from './parse.ts'
import type { StoredMessage } from './parse-message.ts'
import { isYoung, TURN_RULES, type TurnFacts, type TurnRule } from './turn-rules.ts'

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
  /** What the server shows, in words, to go on after "session … ". */
  readonly evidence: string
  /** The end stands while the session's `time.updated` does. */
  readonly isSettled: boolean
  /** Status and messages may stem from different instants: look at both again, and believe it if it stays so. */
  readonly lookAgain: boolean
  /** Ids of the attempts that are stored. */
  readonly arrived: readonly string[]
}

/** Decides how the newest turn stands: the first of `TURN_RULES` that matches. Source: facts measured on OpenCode 1.18.33. */
export function decideTurn(view: TurnView): TurnDecision {
  const arrived = arrivedAttempts(view)
  const facts = factsOf(view, arrived)
  const rule = TURN_RULES.find(({ matches }) => matches(facts))
  if (rule === undefined) throw new TypeError('The last rule of a turn matches always')
  return {
    turn: turnOf(rule, facts),
    evidence: evidenceOf(facts),
    isSettled: rule.settles === 'at once' || (rule.settles === 'old' && !isYoung(endOf(facts), view.now)),
    lookAgain: rule.lookAgain === true,
    arrived,
  }
}

function factsOf(view: TurnView, arrived: readonly string[]): TurnFacts {
  const { status, serverStartedAt, now } = view
  const messages = view.messages ?? []
  const asked = messages.findLast(({ role }) => role === 'user')
  const answer = asked === undefined ? messages.at(-1) : messages.findLast(({ parentId }) => parentId === asked.id)
  const isMessageOnItsWay = view.attempts.some(({ id, at }) => !arrived.includes(id) && isYoung(Date.parse(at), now))
  return { status, messages, asked, answer, isMessageOnItsWay, serverStartedAt, now }
}

/** An attempt is stored when a user message carries its id. */
function arrivedAttempts({ attempts, messages }: Pick<TurnView, 'attempts' | 'messages'>): string[] {
  const tags = new Set((messages ?? []).flatMap(({ parts }) => parts.flatMap(({ tag }) => tag ?? [])))
  return attempts.flatMap(({ id }) => (tags.has(id) ? [id] : []))
}

function turnOf({ turn, reason: given }: TurnRule, facts: TurnFacts): Turn {
  const reason = typeof given === 'function' ? given(facts) : given
  if (turn === 'none') return { status: 'none' }
  if (turn !== 'running') return { status: 'ended', how: turn, at: iso(endOf(facts)), reason }
  const since = facts.isMessageOnItsWay && facts.status === undefined ? undefined : facts.asked?.createdAt
  return { status: 'running', since: since === undefined ? null : iso(since), reason }
}

/** When the newest turn came to an end; one that was never begun, when its message came. */
function endOf({ answer, asked }: TurnFacts): number {
  return answer === undefined ? (asked?.createdAt ?? 0) : (answer.completedAt ?? answer.createdAt)
}

function evidenceOf({ status, answer, asked }: TurnFacts): string {
  if (status !== undefined) return `is at work: its status is "${status.type}"`
  if (answer !== undefined) return `runs no turn; its answer "${answer.id}" ${endingOf(answer)}`
  return asked === undefined ? 'holds no message' : `runs no turn; its message "${asked.id}" has no answer`
}

function endingOf({ error, finish, completedAt }: StoredMessage): string {
  if (error !== null) return `holds the error "${error.name}"`
  if (completedAt === null) return 'is not finished'
  return finish === null ? 'has neither finish nor error' : `has the finish "${finish}"`
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
