import { randomUUID } from 'node:crypto'
import type { Evidence, Reason, Receipt } from '../agent.ts'
import type { SendDocument } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { StoredRecord } from '../registry/record.ts'
import { assertAnswers, awaitTurn, NOT_AWAITED } from './await-turn.ts'
import { isOnItsWay } from './is-on-its-way.ts'
import { type Look, lookAtOne, toRef } from './look.ts'
import type { SendOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'
import { assertSound, reread, updateRecord } from './update-record.ts'
import { documentFor } from './warnings.ts'

/**
 * Delivers `text` to an agent and says how sure that is. Refuses before acting when nobody is there to read it, when
 * the agent is being ended, waits on a request, or could not be looked at (`force` overrides these three). Never retries.
 * With `wait` it stays until the turn of this message is over, and brings the answer.
 * @throws OrchError `EMPTY_MESSAGE`, `UNSUPPORTED`, `AGENT_NOT_FOUND`, `RECORD_CORRUPT`, `TIMEOUT`, the backend's own
 */
export async function send(orch: Orch, id: string, text: string, options: SendOptions = {}): Promise<SendDocument> {
  if (text === '') {
    throw new OrchError('EMPTY_MESSAGE', `Cannot send to "${id}": the message is empty`, {
      hint: 'Give the message as an argument, with --file FILE, or on standard input with "-"',
      agent: id,
    })
  }
  const stored = assertSound(await reread(orch, id))
  if (options.wait) assertAnswers(await orch.backend(stored.record.backend), stored.record)
  const look = await lookAtOne(orch, stored, options.signal)
  // barrier: send-looked
  const refusal = refusalOf(look, options.force === true)
  const receipt =
    refusal === null ? await deliver(orch, look.stored, text, options) : refused(refusal, look.agent.evidence)
  const waits = options.wait === true && receipt.messageId !== null
  const end = waits ? await awaitTurn(orch, id, receipt.messageId, options) : NOT_AWAITED
  return { ...documentFor([look.stored]), agent: id, receipt, ...end }
}

/**
 * Hands a message to the agent's backend, its attempt recorded before and settled after: until its arrival is proven
 * or refused, the agent does not count as idle.
 */
export async function deliver(
  orch: Orch,
  stored: StoredRecord,
  text: string,
  { signal, force = false }: SendOptions,
): Promise<Receipt> {
  const { id, backend: name } = stored.record
  const backend = await orch.backend(name)
  const message = { id: randomUUID(), text }
  const attempt = { id: message.id, at: new Date().toISOString() }
  const before = await updateRecord(orch, stored, 'sending', (now) =>
    now.ending === undefined || force ? { attempts: [...now.attempts, attempt] } : null,
  )
  // barrier: attempt-recorded
  const ended = endedReason(before, force)
  if (ended !== null) return refused(ended)
  const ref = toRef(stored.record)
  const call = { backend: name, agent: id, verb: 'send to', timeoutMs: orch.requestTimeoutMs, signal, acts: true }
  try {
    const receipt = await callBackend(call, (inner) => backend.send(ref, message, inner))
    // barrier: message-sent
    if (!isOnItsWay(receipt, backend.capabilitiesOf(ref))) await settle(orch, before, message.id)
    return receipt
  } catch (error) {
    if (!isOrchError(error)) throw error
    if (error.outcome !== 'none') return unconfirmed(message.id, error)
    await settle(orch, before, message.id)
    throw error
  }
}

/** What became of the message counts, not whether that could be recorded: an attempt left open is only looked for. */
async function settle(orch: Orch, stored: StoredRecord, messageId: string): Promise<void> {
  try {
    await updateRecord(orch, stored, 'sent', (now) => ({
      attempts: now.attempts.filter(({ id }) => id !== messageId),
    }))
  } catch (error) {
    if (!isOrchError(error)) throw error
  }
}

/** Why nothing may be typed into an agent now, or `null`; `force` allows it while it waits, is being ended, or could not be looked at. */
export function refusalOf({ stored, agent }: Look, force: boolean): Reason | null {
  const ended = endedReason(stored, force)
  if (ended !== null) return ended
  if (agent.lifecycle !== 'active') return { code: 'NOT_SPAWNED', text: 'Its spawn did not come to an end' }
  if (agent.state === 'exited' || agent.state === 'lost') return agent.reason
  if (agent.exit !== null) return { code: 'PROCESS_ENDED', text: 'Its process ended' }
  if (force) return null
  if (agent.state === 'waiting') {
    return {
      code: 'WAITING',
      text: `It waits on a ${agent.requests[0]?.kind ?? 'request'}: answer that, or use --force`,
    }
  }
  if (agent.state === 'unknown') return { code: 'UNKNOWN', text: `It could not be looked at: ${agent.reason.text}` }
  return null
}

/** Nobody knows whether it arrived: that is an answer too, and never a reason to try again. */
function unconfirmed(messageId: string, error: OrchError): Receipt {
  const reason = { code: error.code, text: error.message }
  return { messageId, delivery: 'unconfirmed', reason, evidence: [], at: new Date().toISOString() }
}

/** Why nobody would act on a message: the record is closed, or is about to be and `force` is not given. */
function endedReason({ record, closed }: StoredRecord, force: boolean): Reason | null {
  if (closed) return { code: 'CLOSED', text: `It was ${record.lifecycle} already` }
  if (record.ending === undefined || force) return null
  const verb = record.ending === 'completed' ? 'complete' : 'abandon'
  return {
    code: 'ENDING',
    text: `It is being ${record.ending}: run "orch ${verb} ${record.id}" again if that was cut off, or use --force`,
  }
}

/** The receipt of a message that was not sent. */
export function refused(reason: Reason, evidence: readonly Evidence[] = []): Receipt {
  return { messageId: null, delivery: 'refused', reason, evidence, at: new Date().toISOString() }
}
