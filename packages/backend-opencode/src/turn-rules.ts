import { type Reason, SERVER_ENDED, TIMING } from '@orch/core'
import type { Status } from './parse.ts'
import type { StoredMessage } from './parse-message.ts'

/** A look at one session, and what follows from it at once. */
export interface TurnFacts {
  /** `undefined` when the server does not list it. */
  readonly status: Status | undefined
  /** Its newest messages, oldest first. */
  readonly messages: readonly StoredMessage[]
  /** The newest message of its user. */
  readonly asked: StoredMessage | undefined
  /** The newest answer to that message; where the page holds no message of a user, its newest message. */
  readonly answer: StoredMessage | undefined
  /** Whether a message that was sent just now is not stored yet. */
  readonly isMessageOnItsWay: boolean
  /** When the server was started, milliseconds since 1970; `null` when that is not known. */
  readonly serverStartedAt: number | null
  readonly now: number
}

/** One way in which a turn can stand, as data. */
export interface TurnRule {
  /** Short, for people. */
  readonly name: string
  /** What the server shows then, for people. */
  readonly when: string
  readonly matches: (facts: TurnFacts) => boolean
  /** What it means: no turn yet, one that runs, or how the newest one ended. */
  readonly turn: 'none' | 'running' | 'completed' | 'error' | 'interrupted'
  /** `null` where the plain words of the state say all. */
  readonly reason: Reason | ((facts: TurnFacts) => Reason) | null
  /** When the end may be recorded, to stand until the session changes; `old`: once nothing can be on its way any more. */
  readonly settles: 'at once' | 'old' | 'never'
  /** Whether status and messages may stem from different instants: believed only if it stays so. */
  readonly lookAgain?: true
}

const ABORTED: Reason = { code: 'INTERRUPTED', text: 'The turn was interrupted' }
const ENDED_WITH_SERVER: Reason = { code: SERVER_ENDED, text: 'The server ended while the turn ran' }

/** How the newest turn stands: the first rule that matches decides, and the last one always does. */
export const TURN_RULES: readonly TurnRule[] = [
  {
    name: 'retried',
    when: 'the session is listed with status `retry`',
    matches: ({ status }) => status?.type === 'retry',
    turn: 'running',
    reason: ({ status }) => retrying(status),
    settles: 'never',
  },
  {
    name: 'at work',
    when: 'the session is listed with status `busy`',
    matches: ({ status }) => status !== undefined,
    turn: 'running',
    reason: null,
    settles: 'never',
  },
  {
    name: 'about to be asked',
    when: 'a message that was sent less than 10 s ago is not stored yet',
    matches: ({ isMessageOnItsWay }) => isMessageOnItsWay,
    turn: 'running',
    reason: { code: 'MESSAGE_ON_ITS_WAY', text: 'A message that was sent may still arrive' },
    settles: 'never',
  },
  {
    name: 'no turn yet',
    when: 'the session holds no message',
    matches: ({ messages }) => messages.length === 0,
    turn: 'none',
    reason: null,
    settles: 'at once',
  },
  {
    name: 'aborted',
    when: 'the answer holds `MessageAbortedError`',
    matches: ({ answer }) => answer?.error?.name === 'MessageAbortedError',
    turn: 'interrupted',
    reason: ABORTED,
    settles: 'at once',
  },
  {
    name: 'failed',
    when: 'the answer holds any other error; its name is the code',
    matches: ({ answer }) => isFinal(answer) && answer?.error !== null,
    turn: 'error',
    reason: ({ answer }) => ({ code: answer?.error?.name ?? '', text: answer?.error?.text ?? '' }),
    settles: 'at once',
  },
  {
    name: 'cut at the limit',
    when: 'the answer has finish `length`',
    matches: ({ answer }) => isFinal(answer) && answer?.finish === 'length',
    turn: 'completed',
    reason: { code: 'ANSWER_CUT', text: 'The last turn ended at the limit of the model: its answer is not whole' },
    settles: 'at once',
  },
  {
    name: 'empty',
    when: 'the answer is final, and the turn holds neither a word nor a tool call',
    matches: (facts) => isFinal(facts.answer) && isEmpty(facts),
    turn: 'completed',
    reason: { code: 'ANSWER_EMPTY', text: 'The model ended the last turn without a word' },
    settles: 'old',
  },
  {
    name: 'completed',
    when: 'the answer has any other finish but `tool-calls`',
    matches: ({ answer }) => isFinal(answer),
    turn: 'completed',
    reason: null,
    settles: 'at once',
  },
  {
    name: 'cut off by the end of the server',
    when: 'the answer is not final, or there is none, and a server has it that is over',
    matches: (facts) => isOfEarlierServer(facts),
    turn: 'interrupted',
    reason: ENDED_WITH_SERVER,
    settles: 'at once',
  },
  {
    name: 'denied',
    when: 'the answer is not final and holds a tool call that failed, and nothing follows it',
    matches: ({ answer }) =>
      answer !== undefined && answer.completedAt !== null && answer.parts.some(({ tool }) => tool?.status === 'error'),
    turn: 'interrupted',
    reason: { code: 'DENIED', text: 'A request was denied, which ended the turn' },
    settles: 'old',
    lookAgain: true,
  },
  {
    name: 'aborted while it was retried',
    when: 'the answer is completed, and has neither finish nor error',
    matches: ({ answer }) => answer !== undefined && answer.completedAt !== null && answer.finish === null,
    turn: 'interrupted',
    reason: { code: 'INTERRUPTED', text: 'The turn was interrupted while the model was to be asked again' },
    settles: 'old',
    lookAgain: true,
  },
  {
    name: 'cut off',
    when: 'the answer is not final',
    matches: ({ answer }) => answer !== undefined,
    turn: 'interrupted',
    reason: { code: 'CUT_OFF', text: 'The server runs no turn, and the last answer was never finished' },
    settles: 'old',
    lookAgain: true,
  },
  {
    name: 'dropped by an abort',
    when: 'there is no answer, and a turn was aborted after the message came',
    matches: ({ asked, messages }) => isDropped(asked, messages),
    turn: 'interrupted',
    reason: ABORTED,
    settles: 'at once',
  },
  {
    name: 'about to begin',
    when: 'there is no answer, and the message is less than 10 s old',
    matches: ({ asked, now }) => asked !== undefined && isYoung(asked.createdAt, now),
    turn: 'running',
    reason: { code: 'BEGINNING', text: 'The server has the message and has not begun to answer' },
    settles: 'never',
  },
  {
    name: 'never begun',
    when: 'there is no answer, and the message is older',
    matches: () => true,
    turn: 'error',
    reason: {
      code: 'NOT_ANSWERED',
      text: 'The server has the message and never began to answer: it came just as a turn or the server ended, or its model or agent definition is unknown',
    },
    settles: 'at once',
  },
]

/** Whether an answer says that its turn is over. A finish `tool-calls` is not final: the next step follows. */
export function isFinalAnswer({ role, error, completedAt, finish }: StoredMessage): boolean {
  if (role !== 'assistant') return false
  return error !== null || (completedAt !== null && finish !== null && finish !== 'tool-calls')
}

/** Just now. What lies ahead was written before the clock was set back, however long ago. */
export function isYoung(at: number, now: number): boolean {
  return Math.abs(now - at) < TIMING.inFlightMs
}

function isFinal(answer: StoredMessage | undefined): boolean {
  return answer !== undefined && isFinalAnswer(answer)
}

function retrying(status: Status | undefined): Reason {
  const text = status?.type === 'retry' ? `Attempt ${status.attempt} failed: ${status.message}` : ''
  return { code: 'RETRYING', text }
}

/** All answers of the turn count: a model may say its last word before its last tool call. */
function isEmpty({ answer, messages }: TurnFacts): boolean {
  const ofTurn = messages.filter(({ id, parentId }) => id === answer?.id || parentId === answer?.parentId)
  const parts = ofTurn.flatMap((message) => (message.role === 'assistant' ? message.parts : []))
  return !parts.some(({ type, text, tool }) => tool !== null || (type === 'text' && text.trim() !== ''))
}

/** A start that lies ahead tells nothing: the clock was set back since. */
function isOfEarlierServer({ answer, asked, serverStartedAt, now }: TurnFacts): boolean {
  const newest = answer ?? asked
  if (newest === undefined || serverStartedAt === null || serverStartedAt > now) return false
  return newest.createdAt < serverStartedAt
}

function isDropped(asked: StoredMessage | undefined, messages: readonly StoredMessage[]): boolean {
  return messages.some(
    ({ error, completedAt }) =>
      error?.name === 'MessageAbortedError' && (completedAt ?? 0) >= (asked?.createdAt ?? Number.POSITIVE_INFINITY),
  )
}
