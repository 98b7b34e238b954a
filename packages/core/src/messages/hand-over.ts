import type { Reason, Receipt } from '../agent.ts'
import type { Message } from '../backend.ts'
import { isOrchError, type OrchError } from '../errors.ts'
import { toRef } from '../orchestrator/look.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { updateRecord } from '../orchestrator/update-record.ts'
import type { StoredRecord } from '../registry/record.ts'
import { isOnItsWay } from './is-on-its-way.ts'
import { withoutAttempts } from './without-attempts.ts'

/**
 * Hands a message whose attempt is recorded to the agent's backend, and settles that attempt unless the message may
 * still come to light. Never tried again: an unknown outcome is a receipt too.
 * @throws OrchError the backend's own, when it provably did nothing
 */
export async function handOver(
  orch: Orch,
  stored: StoredRecord,
  message: Message,
  signal: AbortSignal | undefined,
): Promise<Receipt> {
  // barrier: attempt-recorded
  const { id, backend: name } = stored.record
  const backend = await orch.backend(name)
  const ref = toRef(stored.record)
  const call = { backend: name, agent: id, verb: 'send to', timeoutMs: orch.requestTimeoutMs, signal, acts: true }
  try {
    const receipt = await callBackend(call, (inner) => backend.send(ref, message, inner))
    // barrier: message-sent
    if (!isOnItsWay(receipt, backend.capabilitiesOf(ref))) await settle(orch, stored, message.id, failureOf(receipt))
    return receipt
  } catch (error) {
    if (!isOrchError(error)) throw error
    if (error.outcome !== 'none') return unconfirmed(message.id, error)
    await settle(orch, stored, message.id, { code: error.code, text: error.message })
    throw error
  }
}

function failureOf({ delivery, reason }: Receipt): Reason | null {
  return delivery === 'refused' ? (reason ?? { code: 'REFUSED', text: 'It refused the message' }) : null
}

/** What became of the message counts, not whether that could be recorded: an attempt left open is only looked for. */
async function settle(orch: Orch, stored: StoredRecord, messageId: string, failure: Reason | null): Promise<void> {
  try {
    const update = { type: 'sent', mayBeLost: failure === null }
    await updateRecord(orch, stored, update, (now) => withoutAttempts(now, [messageId], failure))
  } catch (error) {
    if (!isOrchError(error)) throw error
  }
}

/** Nobody knows whether it arrived: that is an answer too, and never a reason to try again. */
function unconfirmed(messageId: string, error: OrchError): Receipt {
  const reason = { code: error.code, text: error.message }
  return { messageId, delivery: 'unconfirmed', reason, evidence: [], at: new Date().toISOString() }
}
