import type { AgentRequest, Receipt } from '../agent.ts'
import { messageOf } from '../attachments.ts'
import type { AnswerDocument } from '../documents.ts'
import type { Look } from '../orchestrator/look.ts'
import type { AnswerOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { endedReason, refusalOf, refused } from '../orchestrator/refusal.ts'
import { reread, updateRecord } from '../orchestrator/update-record.ts'
import { giveBack, takeOver } from '../registry/claims.ts'
import { monotonicMs, TIMING } from '../timing.ts'
import { uniqueId } from '../unique.ts'
import { isAwaited, isTaken, offerAnswer, withdrawAnswer } from '../workspace/asks.ts'
import { watchAsks } from '../workspace/watch-asks.ts'
import { deliver } from './send.ts'

/** What became of an answer. */
export interface AnswerOutcome {
  readonly result: AnswerDocument['result']
  readonly receipt: Receipt | null
}

/**
 * Answers a request of the agent's page, as one of those who do so at once. Where an `orch ask` waits for it, that one
 * gets it; else it is sent as a message. Never both: whoever moves the answer away gives it.
 */
export async function answerPage(
  orch: Orch,
  look: Look,
  request: AgentRequest,
  options: AnswerOptions,
): Promise<AnswerOutcome> {
  const { agent, stored } = look
  const ended = endedReason(stored, true)
  if (ended !== null) return { result: 'listed', receipt: refused(ended, agent.evidence) }
  const claim = `answer\0${agent.id}\0${request.id}`
  if (!takeOver(orch.claims, claim, null)) return { result: 'already', receipt: null }
  let answered = false
  try {
    const receipt = (await giveToAsker(orch, look, request, options)) ?? (await sendAnswer(orch, look, options))
    const open = receipt.delivery === 'refused' || receipt.delivery === 'unconfirmed'
    if (open || receipt.reason?.code === NOT_TAKEN) return { result: open ? 'listed' : 'answered', receipt }
    answered = true
    // barrier: answer-given
    await updateRecord(orch, await reread(orch, agent.id), 'answered', (record) => ({
      answered: [...new Set([...record.answered, request.id])],
    }))
    return { result: 'answered', receipt }
  } finally {
    if (!answered) giveBack(orch.claims, claim)
  }
}

const NOT_TAKEN = 'ASK_NOT_TAKEN'

/** Lays the answer ready for the `orch ask` that waits for it; `null` when none does, and none has it. */
async function giveToAsker(
  orch: Orch,
  { agent: { workspace } }: Look,
  { id: request }: AgentRequest,
  { text = '', signal }: AnswerOptions,
): Promise<Receipt | null> {
  if (!isAwaited(workspace, request)) {
    withdrawAnswer(workspace, request)
    return isTaken(workspace, request) ? taken() : null
  }
  const watch = watchAsks(workspace, signal)
  try {
    offerAnswer(workspace, request, text)
    // barrier: answer-offered
    const end = monotonicMs() + Math.min(orch.requestTimeoutMs, TIMING.takeAnswerMs)
    while (!isTaken(workspace, request)) {
      if (!isAwaited(workspace, request) && withdrawAnswer(workspace, request)) return null
      const left = end - monotonicMs()
      if (left <= 0) return notTaken()
      await watch.next(Math.min(left, TIMING.askerGoneMs))
      signal?.throwIfAborted()
    }
    return taken()
  } finally {
    watch.stop()
  }
}

function taken(): Receipt {
  const at = new Date().toISOString()
  const evidence = [{ source: 'file', detail: 'the "orch ask" that waited took the answer', at }] as const
  return { messageId: null, delivery: 'confirmed', reason: null, evidence, at }
}

function notTaken(): Receipt {
  const reason = { code: NOT_TAKEN, text: 'The "orch ask" that waits has not taken it yet; it lies ready' }
  return { messageId: null, delivery: 'queued', reason, evidence: [], at: new Date().toISOString() }
}

/** The text is typed only into an agent that waits on nothing but its page. */
async function sendAnswer(orch: Orch, look: Look, { text = '', signal }: AnswerOptions): Promise<Receipt> {
  const { agent, report, stored } = look
  const other = agent.requests.find((one) => !report.requests.includes(one))
  const busy = other && { code: 'WAITING', text: `It waits on a ${other.kind}: answer that first` }
  const refusal = refusalOf(look, true) ?? busy ?? null
  if (refusal !== null) return refused(refusal, agent.evidence)
  return await deliver(orch, stored, messageOf(uniqueId(), text), { signal })
}
