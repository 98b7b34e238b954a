import type { AgentRequest } from '../agent.ts'
import { NOT_SHOWN } from '../backend.ts'
import type { AnswerDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { type Look, lookAtOne, toRef } from '../orchestrator/look.ts'
import type { AnswerOptions } from '../orchestrator/options.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { assertSound, reread } from '../orchestrator/update-record.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import { isTaken } from '../workspace/asks.ts'
import { type AnswerOutcome, answerPage } from './answer-page.ts'

/**
 * Lists an agent's open requests, or answers one of them: bound to that request, never to what came after it.
 * A request of the page (`BLOCKED:`, `QUESTION:`) is answered by handing the text to the `orch ask` that waits for it,
 * else by sending it, and recording that; when that is refused or not confirmed, the request stays open: `listed`, with the receipt.
 * @throws OrchError `EMPTY_MESSAGE`, `REQUEST_AMBIGUOUS`, `REQUEST_NOT_FOUND`, `CHOICE_UNKNOWN`, `UNSUPPORTED`,
 * `BACKEND_UNREACHABLE` when it could not be looked at, the backend's own
 */
export async function answer(orch: Orch, id: string, options: AnswerOptions = {}): Promise<AnswerDocument> {
  assertOneReply(id, options)
  const look = await lookAtOne(orch, assertSound(await reread(orch, id)), options.signal)
  assertSeen(look)
  const reply = { choice: options.choice ?? null, text: options.text ?? null }
  const base = { ...documentFor([look.stored]), agent: id, requests: look.agent.requests, reply }
  if (reply.choice === null && reply.text === null) return { ...base, request: null, result: 'listed', receipt: null }
  const request = pick(look, options.requestId)
  assertFits(id, request, reply.choice)
  return { ...base, request, ...(await give(orch, look, request, options)) }
}

function assertOneReply(id: string, { choice, text }: AnswerOptions): void {
  if (choice !== undefined && text !== undefined) throw new TypeError('Give a choice or a text, not both')
  if (text === '') {
    throw new OrchError('EMPTY_MESSAGE', `Cannot answer "${id}": the answer is empty`, {
      hint: 'Give the answer as an argument, with --file FILE, or on standard input with "-"',
      agent: id,
    })
  }
}

/** "Could not look" is not "nothing is open". */
function assertSeen({ observation, agent }: Look): void {
  const requests = observation?.requests
  if (requests === undefined || requests.known || requests.reason.code === NOT_SHOWN) return
  if (agent.state !== 'unknown' && agent.state !== 'waiting') return
  throw new OrchError(
    'BACKEND_UNREACHABLE',
    `Cannot answer "${agent.id}": its requests could not be looked at: ${requests.reason.text}`,
    { hint: 'Try again once its backend answers', agent: agent.id, backend: agent.backend, retryable: true },
  )
}

/** `null` for a request that is named and not open: its backend may still know what became of it. */
function pick({ agent }: Look, requestId: string | undefined): AgentRequest | null {
  if (requestId !== undefined) return agent.requests.find(({ id }) => id === requestId) ?? null
  const [first, ...others] = agent.requests
  if (first === undefined) {
    throw new OrchError('REQUEST_NOT_FOUND', `Cannot answer "${agent.id}": no request of it is open`, {
      hint: `See what it does with "orch check ${agent.id}"`,
      agent: agent.id,
    })
  }
  if (others.length === 0) return first
  throw new OrchError('REQUEST_AMBIGUOUS', `Cannot answer "${agent.id}": ${agent.requests.length} requests are open`, {
    hint: `Name one with --request: ${agent.requests.map((request) => request.id).join(', ')}`,
    agent: agent.id,
  })
}

function assertFits(id: string, request: AgentRequest | null, choice: string | null): void {
  if (request === null || choice === null || request.choices.some((one) => one.id === choice)) return
  const offered = request.choices.map((one) => `"${one.id}"`).join(', ')
  throw new OrchError(
    'CHOICE_UNKNOWN',
    `Cannot answer "${id}" with "${choice}": its ${request.kind} does not offer that`,
    {
      hint: offered === '' ? 'Answer with a text' : `Choose ${offered}, or answer with a text`,
      agent: id,
    },
  )
}

async function give(
  orch: Orch,
  look: Look,
  request: AgentRequest | null,
  options: AnswerOptions,
): Promise<AnswerOutcome> {
  const { stored, report } = look
  if (request !== null && report.requests.includes(request)) return await answerPage(orch, look, request, options)
  const requestId = request?.id ?? (options.requestId as string)
  const { answered, workspace } = stored.record
  if (answered.includes(requestId) || isTaken(workspace, requestId)) return { result: 'already', receipt: null }
  const { id: agent, backend: name } = stored.record
  const backend = await orch.backend(name)
  const reply = backend.answer?.bind(backend)
  if (reply === undefined || !look.agent.capabilities.includes('requests')) {
    if (request === null) return { result: 'gone', receipt: null }
    throw new OrchError('UNSUPPORTED', `Cannot answer "${agent}": it does not show requests of its own`, {
      hint: `Type into it with "orch send ${agent} TEXT"`,
      agent,
      backend: name,
    })
  }
  const { signal } = options
  const call = { backend: name, agent, verb: 'answer', timeoutMs: orch.requestTimeoutMs, signal, acts: true }
  const given = { requestId, choice: options.choice ?? null, text: options.text ?? null }
  const { result } = await callBackend(call, (inner) => reply(toRef(stored.record), given, inner))
  return { result, receipt: null }
}
