import { statSync } from 'node:fs'
import { isAgentId } from '../agent-id.ts'
import type { AskDocument } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { AskOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { assertSound, reread } from '../orchestrator/update-record.ts'
import { DeadlineError, TIMING, withDeadline } from '../timing.ts'
import {
  isAwaited,
  isReceived,
  isWaiting,
  receiveAnswer,
  startWaiting,
  stopWaiting,
  takeAnswer,
  takenAnswer,
} from '../workspace/asks.ts'
import { pageAtRest, readReport } from '../workspace/read-report.ts'
import { questionId } from '../workspace/report.ts'
import { watchAsks } from '../workspace/watch-asks.ts'
import { workspacePath, writeQuestion } from '../workspace/workspace.ts'

/** Characters of a question. */
const MAX_QUESTION = 2000

/** A question that was answered. */
export interface Asked {
  readonly document: AskDocument
  /** To be called once the answer is where the agent reads it; until then the same question brings it again. */
  received(): void
}

interface Question {
  readonly agent: string
  readonly workspace: string
  readonly request: string
  readonly text: string
  /** It was answered by a message while nobody waited, and no call has said so yet. */
  readonly wasSent: boolean
}

/**
 * Asks the owner of an agent, and waits for the answer: the question stands on the agent's page, where everybody sees it
 * as a request, and `answer` hands its answer to this call alone. Killed or out of time it stays open, and the same question
 * goes on with it: when a message answered it meanwhile, that is said. After that the same words are a new question. Opens no backend.
 * @throws OrchError `EMPTY_MESSAGE`, `USAGE`, `AGENT_NOT_FOUND`, `CLOSED` for a closed record, `REQUEST_NOT_FOUND` when the
 * question is taken off the page, `BUSY` when the same is asked by a newer call, `TIMEOUT`, `WORKSPACE_UNWRITABLE`
 */
export async function ask(orch: Orch, options: AskOptions): Promise<Asked> {
  const text = oneLine(options)
  const question = await nextQuestion(orch, options.id, text)
  const { workspace, request, wasSent } = question
  if (wasSent) return answered(question, null)
  if (takenAnswer(workspace, request) !== null && isAwaited(workspace, request)) throw askedAgain(question)
  const call = startWaiting(workspace, request)
  try {
    // barrier: ask-registered
    await pageAtRest(workspace)
    writeQuestion(workspace, question.text)
    // barrier: question-written
    const { timeoutMs = TIMING.waitTimeoutMs, signal } = options
    return await withDeadline(timeoutMs, signal, (inner) => awaitAnswer(orch, question, call, inner))
  } catch (error) {
    stopWaiting(workspace, request, call)
    // One that was laid ready meanwhile belongs to nobody else yet.
    const late = isOrchError(error) ? null : takeAnswer(workspace, request)
    if (late !== null) return answered(question, late)
    throw error instanceof DeadlineError ? outOfTime(question, error) : error
  }
}

function oneLine({ id, question }: AskOptions): string {
  const text = question.trim().replace(/\s+/g, ' ')
  if (text === '')
    throw new OrchError('EMPTY_MESSAGE', `Cannot ask for "${id}": the question is empty`, {
      hint: 'Give the question as an argument, with --file FILE, or on standard input with "-"',
      agent: id,
    })
  if (text.length <= MAX_QUESTION) return text
  throw new OrchError('USAGE', `Cannot ask a question of ${text.length} characters: it is too long`, {
    hint: `Keep it within ${MAX_QUESTION}, and name a file for the rest`,
    agent: id,
  })
}

/** The question as it stands on the page: after an answer the same words get a number, so that they are asked anew. */
async function nextQuestion(orch: Orch, agent: string, words: string): Promise<Question> {
  const workspace = workspaceOf(orch, agent)
  const { record } = await openRecord(orch, agent)
  for (let count = 1; ; count++) {
    const text = count === 1 ? words : `${words} (${count})`
    const request = questionId(text)
    if (isReceived(workspace, request)) continue
    const wasSent = record.answered.includes(request) && takenAnswer(workspace, request) === null
    return { agent, workspace, request, text, wasSent }
  }
}

function workspaceOf(orch: Orch, id: string): string {
  const workspace = isAgentId(id) ? workspacePath(orch.project, id) : null
  if (workspace !== null && statSync(workspace, { throwIfNoEntry: false })?.isDirectory()) return workspace
  throw new OrchError('AGENT_NOT_FOUND', `Cannot ask for ${JSON.stringify(id)}: it has no workspace here`, {
    hint: 'Check --id and --project',
  })
}

async function openRecord(orch: Orch, id: string): ReturnType<typeof reread> {
  const stored = assertSound(await reread(orch, id))
  if (!stored.closed) return stored
  throw new OrchError('CLOSED', `Cannot ask for "${id}": it was ${stored.record.lifecycle} before, nobody answers`, {
    hint: `See it with "orch check ${id}"`,
    agent: id,
  })
}

async function awaitAnswer(orch: Orch, question: Question, call: string, signal: AbortSignal): Promise<Asked> {
  const ownRecord = async function* (inner: AbortSignal): AsyncIterable<boolean> {
    for await (const id of orch.registry.watch(inner)) yield id === null || id === question.agent
  }
  const watch = watchAsks(question.workspace, signal, ownRecord)
  try {
    // What was taken by a call that died before it printed it.
    const before = takenAnswer(question.workspace, question.request)
    if (before !== null) return answered(question, before)
    for (;;) {
      const end = await look(orch, question, call)
      if (end !== null) return end
      await watch.next()
      signal.throwIfAborted()
    }
  } finally {
    watch.stop()
  }
}

/** The answer, if it is there; `null` to go on waiting. */
async function look(orch: Orch, question: Question, call: string): Promise<Asked | null> {
  const { agent, workspace, request } = question
  if (!isWaiting(workspace, request, call)) throw askedAgain(question)
  const text = takeAnswer(workspace, request)
  if (text !== null) {
    // barrier: answer-taken
    return answered(question, text)
  }
  const { record } = await openRecord(orch, agent)
  if (record.answered.includes(request)) return answered(question, null)
  const { requests, unreadable } = await readReport(workspace, [])
  if (unreadable !== null || requests.some(({ id }) => id === request)) return null
  if (takenAnswer(workspace, request) !== null || isReceived(workspace, request)) throw askedAgain(question)
  throw new OrchError(
    'REQUEST_NOT_FOUND',
    `Cannot wait for an answer to "${agent}": its question is not on its page any more`,
    {
      hint: 'Ask again',
      agent,
    },
  )
}

/** @param text `null`: it was sent as a message, as nobody was waiting then */
function answered({ agent, workspace, request, text: question }: Question, text: string | null): Asked {
  const via = text === null ? 'message' : 'ask'
  return {
    document: { apiVersion: 1, warnings: [], agent, request, question, answer: text, via },
    received: () => receiveAnswer(workspace, request),
  }
}

function askedAgain({ agent }: Question): OrchError {
  return new OrchError('BUSY', `Cannot wait for an answer to "${agent}": another "orch ask" waits for the same one`, {
    hint: 'The answer goes to the one that asked last',
    agent,
  })
}

function outOfTime({ agent }: Question, { afterMs }: DeadlineError): OrchError {
  return new OrchError('TIMEOUT', `Cannot tell "${agent}" an answer: nobody gave one within ${afterMs} ms`, {
    hint: 'The question stays open: run the same command again to wait on, or end your turn; the answer then comes as a message',
    agent,
    retryable: true,
  })
}
