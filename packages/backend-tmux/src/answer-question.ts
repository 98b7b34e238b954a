import { type AnswerResult, OrchError, type Reply, recheck, uniqueId } from '@orch/core'
import { sendCommands } from './command-line.ts'
import { hasEnded } from './has-ended.ts'
import { type HookEvent, isSameCall } from './hooks/hook-event.ts'
import { isAsked, readEvents } from './hooks/look-at-hooks.ts'
import {
  findQuestion,
  isTold,
  type ShownQuestion,
  type WindowAnswer,
  type WindowQuestion,
  windowAnswers,
  windowQuestions,
} from './hooks/window-question.ts'
import { identityOf } from './identity.ts'
import { socketOf } from './observe.ts'
import { type Keyed, pick, press, type ShownList, screenOf, wasPressed } from './press-keys.ts'

/** Questions that a program asks in its window, one after the other. */
interface Job extends Keyed {
  readonly event: HookEvent
  readonly questions: readonly WindowQuestion[]
}

/** How long a program may take to show what a key did, and to tell that it went on after an answer, in milliseconds. */
const SHOWN_MS = 2_000
const ACTED_MS = 15_000

/** How long it may take to tell of an answer that somebody else gave, once that is not shown any more, in milliseconds. */
const SETTLED_MS = 500

/**
 * Answers the questions that no hook takes an answer to. Each key is pressed, and each text typed, in a call that first checks
 * that the window still shows that question with all its options, and the pointer where it was seen. What the program tells
 * of its answer is the proof.
 */
export async function answerQuestion(window: Keyed, event: HookEvent, reply: Reply): Promise<AnswerResult> {
  const { agent, signal } = window
  const questions = windowQuestions(event)
  if (questions === null)
    throw inWindowOnly(window, reply, 'UNSUPPORTED', 'its program takes the answer in its window only')
  const answers = windowAnswers(questions, reply.choice, reply.text)
  if (answers === null)
    throw new OrchError(
      'USAGE',
      `Cannot answer "${reply.requestId}" so: it does not offer that, or it cannot be typed`,
      {
        hint: `Give an option, or a short line of plain characters, for each question; else answer in its window: orch attach ${agent.id}`,
        agent: agent.id,
      },
    )
  const job: Job = { ...window, event, questions }
  if (isOver(job)) return outcome(job, answers, false)
  const isGiven = await giveAll(job, answers)
  const timeoutMs = isGiven ? ACTED_MS : SETTLED_MS
  if (await recheck(() => isOver(job) || undefined, { timeoutMs, everyMs: 50, signal }))
    return outcome(job, answers, isGiven)
  if (isGiven)
    throw new OrchError('TIMEOUT', `Cannot answer "${agent.id}": its program still asks after the answer was given`, {
      hint: `Look with "orch attach ${agent.id}"`,
      agent: agent.id,
      outcome: 'unknown',
    })
  throw inWindowOnly(window, reply, 'BACKEND_ERROR', 'its window does not show the question as it is known to')
}

/** Answers one question after the other; `false` as soon as one is not shown as it is known to be. */
async function giveAll(job: Job, answers: readonly WindowAnswer[]): Promise<boolean> {
  if (!(await turnToFirst(job))) return false
  for (const [index, answer] of answers.entries()) {
    if ((await awaitQuestion(job, index)) === null) return false
    if (!(await give(job, index, answer))) return false
  }
  return true
}

/** Turns back to the first question: somebody may have answered one of them, and left the others. */
async function turnToFirst(job: Job): Promise<boolean> {
  const { questions } = job
  for (let index = questions.length - 1; index > 0; index -= 1) {
    const shown = questionOn(await screenOf(job), job, index)
    if (shown === null) continue
    if (shown.note !== null || !(await press(job, 'Left', shown.rows))) return false
    if ((await awaitQuestion(job, index - 1)) === null) return false
  }
  return true
}

async function give(job: Job, index: number, { option, note }: WindowAnswer): Promise<boolean> {
  const list = (screen: string): ShownList | null => {
    const shown = questionOn(screen, job, index)
    if (shown === null || shown.note !== null) return null
    const { rows, pointer, options } = shown
    return { rows, pointed: rows, pointer, choice: options[option] as number }
  }
  if (note === null) return pick(job, 'Enter', list)
  if (!(await pick(job, 'Tab', list))) return false
  const field = await awaitQuestion(job, index, '')
  if (field === null || !(await type(job, note, field))) return false
  const typed = await awaitQuestion(job, index, note)
  if (typed !== null) return press(job, 'Enter', typed.rows)
  const altered = questionOn(await screenOf(job), job, index)
  if (altered !== null && altered.note !== null) await press(job, 'Tab', altered.rows)
  return false
}

/** Types a text where notes go, while that shows nothing else. */
async function type(job: Job, text: string, { rows }: ShownQuestion): Promise<boolean> {
  const { context, agent, handle, signal } = job
  const source = { buffer: `orch-${uniqueId()}`, file: '-' }
  const typing = { begin: false, empty: null, keys: [], shown: rows }
  const commands = sendCommands(identityOf(agent, handle), source, typing)
  const call = { socket: socketOf(agent.target), commands, input: text, signal }
  return wasPressed(job, 'a note', await context.tmux.run(call))
}

function isOver({ handle, event }: Job): boolean {
  return hasEnded(handle) || !isAsked(handle, event.id)
}

/** The question on this screen; `null` when it is not there, or was answered. */
function questionOn(screen: string, job: Job, index: number): ShownQuestion | null {
  return isOver(job) ? null : findQuestion(screen, job.questions, index)
}

/** Waits until a question is shown, with this in its field for notes; `null` when it is not in time. */
async function awaitQuestion(job: Job, index: number, note: string | null = null): Promise<ShownQuestion | null> {
  const { signal } = job
  const find = async (): Promise<ShownQuestion | undefined> => {
    const shown = questionOn(await screenOf(job), job, index)
    return shown?.note === note ? shown : undefined
  }
  return (await recheck(find, { timeoutMs: SHOWN_MS, everyMs: 25, signal })) ?? null
}

/** What became of questions that are not open any more, as their program tells it. */
function outcome({ event, handle, questions }: Job, answers: readonly WindowAnswer[], isGiven: boolean): AnswerResult {
  if (hasEnded(handle)) return result('gone', 'its program ended before it told of an answer')
  const isEnd = (one: HookEvent): boolean => one.name === 'PostToolUse' && one.at >= event.at && isSameCall(one, event)
  const told = readEvents(handle.events ?? '').find(isEnd)
  if (told === undefined) return result('gone', 'its program went on, and told of no answer')
  const { tool_response: response } = told.fields
  if (response === undefined && isGiven)
    return result('answered', 'its program went on after it was given in its window')
  return isTold(questions, answers, response)
    ? result('answered', 'its program told of this answer')
    : result('already', 'its program went on with another answer, or with none')
}

function inWindowOnly(
  { agent }: Keyed,
  { requestId }: Reply,
  code: 'UNSUPPORTED' | 'BACKEND_ERROR',
  why: string,
): OrchError {
  return new OrchError(code, `Cannot answer "${requestId}": ${why}`, {
    hint: `Answer in its window: orch attach ${agent.id}`,
    agent: agent.id,
  })
}

function result(what: AnswerResult['result'], detail: string): AnswerResult {
  return { result: what, evidence: [{ source: 'hook', detail, at: new Date().toISOString() }] }
}
