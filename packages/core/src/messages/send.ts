import type { Receipt } from '../agent.ts'
import { messageOf } from '../attachments.ts'
import type { Message } from '../backend.ts'
import type { SendDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { warnOfInterrupted } from '../orchestrator/interrupted-turns.ts'
import { isAsleep, lookAtOne } from '../orchestrator/look.ts'
import type { SendOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { refusalOf, refused } from '../orchestrator/refusal.ts'
import { assertSound, reread } from '../orchestrator/update-record.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import { uniqueId } from '../unique.ts'
import { assertAnswers, awaitTurn, NOT_AWAITED } from './await-turn.ts'
import { changeUnlessEnded } from './change-unless-ended.ts'
import { handOver } from './hand-over.ts'
import { type Sent, sendWhenIdle } from './send-when-idle.ts'
import { takeAttachments } from './take-attachments.ts'

/**
 * Delivers `text` to an agent and says how sure that is. Refuses before acting when nobody is there to read it, when
 * the agent is being ended, waits on a request, or could not be looked at (`force` overrides these three). Never retries.
 * With `when: 'idle'` the text is kept in the agent's record until somebody sees the agent idle. With `wait` it stays
 * until the turn of this message is over, and brings the answer.
 * @throws OrchError `EMPTY_MESSAGE`, `USAGE`, `UNSUPPORTED`, `FILE_NOT_FOUND`, `AGENT_NOT_FOUND`, `RECORD_CORRUPT`, `TIMEOUT`,
 * the backend's own
 */
export async function send(orch: Orch, id: string, text: string, options: SendOptions = {}): Promise<SendDocument> {
  if (text === '') {
    throw new OrchError('EMPTY_MESSAGE', `Cannot send to "${id}": the message is empty`, {
      hint: 'Give the message as an argument, with --file FILE, or on standard input with "-"',
      agent: id,
    })
  }
  const stored = assertSound(await reread(orch, id))
  const { record } = stored
  if (options.wait) assertAnswers(await orch.backend(record.backend), record)
  const attachments = options.attach?.length
    ? await takeAttachments(orch, options.attach, { backend: await orch.backend(record.backend), record })
    : []
  const work = options.when === 'idle' ? sendWhenIdle : sendNow
  const sent = await work(orch, stored, messageOf(uniqueId(), text, attachments), options)
  const { messageId } = sent.receipt
  const { end } = options.wait && messageId !== null ? await awaitTurn(orch, id, messageId, options) : NOT_AWAITED
  const { apiVersion, warnings } = documentFor([sent.stored])
  const taken = sent.woke ? await warnOfInterrupted(orch, record.backend, options.signal) : []
  return { apiVersion, warnings: [...warnings, ...taken], agent: id, receipt: sent.receipt, attachments, ...end }
}

async function sendNow(orch: Orch, before: StoredRecord, message: Message, options: SendOptions): Promise<Sent> {
  const look = await lookAtOne(orch, before, options.signal, { beforeSend: true })
  // barrier: send-looked
  const { stored, agent } = look
  const refusal = refusalOf(look, options.force === true)
  if (refusal !== null) return { stored, receipt: refused(refusal, agent.evidence) }
  return { stored, receipt: await deliver(orch, stored, message, options), woke: isAsleep(look) }
}

/**
 * Hands a message to the agent's backend, its attempt recorded before and settled after: until its arrival is proven
 * or refused, the agent does not count as idle.
 */
export async function deliver(
  orch: Orch,
  stored: StoredRecord,
  message: Message,
  { signal, force = false }: SendOptions,
): Promise<Receipt> {
  const attempt = { id: message.id, at: new Date().toISOString() }
  const change = ({ attempts }: AgentRecord): RecordChange => ({ attempts: [...attempts, attempt] })
  const before = await changeUnlessEnded(orch, stored, { type: 'sending', force, change })
  return before.ended === null ? await handOver(orch, before.stored, message, signal) : refused(before.ended)
}
