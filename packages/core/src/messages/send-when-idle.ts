import type { QueuedMessage, Receipt } from '../agent.ts'
import type { Message } from '../backend.ts'
import { OrchError } from '../errors.ts'
import { isAsleep, type Look, lookAtOne, toRef } from '../orchestrator/look.ts'
import type { SendOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { nobodyReads, refused } from '../orchestrator/refusal.ts'
import { appendUnlessChanged, reread } from '../orchestrator/update-record.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import { keepFiles } from '../workspace/kept-files.ts'
import { changeUnlessEnded } from './change-unless-ended.ts'
import { deliverQueued, isIdle, nextQueued } from './deliver-queued.ts'
import { handOver } from './hand-over.ts'

/** In characters. A record is read whole at every look at its agent. */
const LONGEST_TEXT = 100_000

/** How a message went. */
export interface Sent {
  readonly stored: StoredRecord
  readonly receipt: Receipt
  /** Whether its agent's server did not run, and was started for it. */
  readonly woke?: boolean
}

/**
 * Delivers a message now when its agent is idle and nothing else waits for that; else keeps it in the agent's record,
 * for whichever orch process next sees the agent idle.
 * @throws OrchError `UNSUPPORTED` for an agent that does not show its turns, `USAGE`, `WORKSPACE_UNWRITABLE`, the backend's own
 */
export async function sendWhenIdle(
  orch: Orch,
  stored: StoredRecord,
  message: Message,
  options: SendOptions,
): Promise<Sent> {
  assertFits(stored.record, message.text, options)
  for (let now = stored; ; now = await reread(orch, now.record.id)) {
    const look = await lookAtOne(orch, now, options.signal)
    const nobody = nobodyReads(look, false)
    if (nobody !== null) return { stored: look.stored, receipt: refused(nobody, look.agent.evidence) }
    await assertShowsTurns(orch, now.record)
    if (!isIdle(look) || nextQueued(look.stored) !== undefined) return await enqueue(orch, look, message, options)
    const receipt = await deliverAsSeen(orch, look, message, options)
    if (receipt !== null) return { stored: look.stored, receipt, woke: isAsleep(look) }
  }
}

/** `null`, and nothing done, when the record changed since it was looked at: the agent may have got something else to do. */
async function deliverAsSeen(
  orch: Orch,
  { stored, isCurrent }: Look,
  message: Message,
  { signal }: SendOptions,
): Promise<Receipt | null> {
  const attempts = [...stored.record.attempts, { id: message.id, at: new Date().toISOString() }]
  const before = isCurrent ? await appendUnlessChanged(orch, stored, { type: 'sending', set: { attempts } }) : null
  return before === null ? null : await handOver(orch, before, message, signal)
}

/** Looks once more afterwards: a turn may have ended before the message stood in the record, seen by nobody who knew of it. */
async function enqueue(orch: Orch, { stored }: Look, message: Message, { signal }: SendOptions): Promise<Sent> {
  const { id, attachments } = message
  await keepFiles(stored.record.workspace, id, attachments)
  const entry: QueuedMessage = { ...message, at: new Date().toISOString(), triedAt: null, failure: null }
  const change = ({ queue = [] }: AgentRecord): RecordChange => ({ queue: [...queue, entry] })
  const { stored: queued, ended } = await changeUnlessEnded(orch, stored, { type: 'queued', force: false, change })
  // barrier: queue-recorded
  if (ended !== null) return { stored: queued, receipt: refused(ended) }
  const look = await lookAtOne(orch, queued, signal)
  const [after] = await deliverQueued(orch, [look], { signal, mayStart: true })
  const sent = after?.sent?.messageId === id ? after.sent.receipt : null
  return { stored: queued, receipt: sent ?? waits(queued, look, entry) }
}

function waits({ record }: StoredRecord, { agent }: Look, { id, at }: QueuedMessage): Receipt {
  const place = record.queue?.filter(({ triedAt }) => triedAt === null).length ?? 1
  const text = `It waits until the agent is idle, which some orch process must see, such as "orch wait ${agent.id}"`
  return {
    messageId: id,
    delivery: 'queued',
    reason: { code: 'WAITS_FOR_IDLE', text },
    evidence: [
      { source: 'record', detail: `kept in the record of the agent, as number ${place} of those that wait`, at },
      ...agent.evidence,
    ],
    at,
  }
}

async function assertShowsTurns(orch: Orch, record: AgentRecord): Promise<void> {
  const backend = await orch.backend(record.backend)
  if (backend.capabilitiesOf(toRef(record)).includes('turns')) return
  throw new OrchError('UNSUPPORTED', `Cannot send to "${record.id}" when it is idle: it does not show its turns`, {
    hint: 'Leave out --when: the message is then delivered now',
    agent: record.id,
    backend: record.backend,
  })
}

function assertFits({ id: agent }: AgentRecord, text: string, { force }: SendOptions): void {
  if (force) {
    throw new OrchError('USAGE', `Cannot send to "${agent}" when it is idle and by force at once`, {
      hint: 'Leave out --when or --force',
      agent,
    })
  }
  if (text.length <= LONGEST_TEXT) return
  const state = `${text.length} characters are more than the ${LONGEST_TEXT} that may wait`
  throw new OrchError('USAGE', `Cannot send to "${agent}" when it is idle: ${state}`, {
    hint: 'Write the text to a file, and name that in the message',
    agent,
  })
}
