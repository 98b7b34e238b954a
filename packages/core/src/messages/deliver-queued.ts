import type { QueuedMessage, Receipt } from '../agent.ts'
import { messageOf } from '../attachments.ts'
import { isOrchError } from '../errors.ts'
import { hasEnded, type Look, type LookOptions, lookAtOne } from '../orchestrator/look.ts'
import type { CallOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { endedReason, refused } from '../orchestrator/refusal.ts'
import { appendUnlessChanged, reread } from '../orchestrator/update-record.ts'
import { giveBack, takeOver } from '../registry/claims.ts'
import type { StoredRecord } from '../registry/record.ts'
import { keptFiles } from '../workspace/kept-files.ts'
import { handOver } from './hand-over.ts'

/** An agent's record after {@link deliverQueued}, the same object when nothing was done. */
export interface Delivered {
  readonly stored: StoredRecord
  /** What became of which message; `null` when none was delivered by this process. */
  readonly sent: { readonly messageId: string; readonly receipt: Receipt } | null
}

/**
 * Gives each agent that a look showed idle the oldest message that waits for that. Whoever does it claims the message,
 * and records its attempt under the revision that was looked at: of any number of processes one delivers, and after its
 * death nobody does it again. What cannot be claimed or recorded now is left to the next one who looks.
 * @param options.mayStart also to agents that are asleep, whose server is started then. `@default` false
 */
export async function deliverQueued(
  orch: Orch,
  looks: readonly Look[],
  options: CallOptions & { readonly mayStart?: boolean } = {},
): Promise<readonly Delivered[]> {
  return await Promise.all(
    looks.map((look): Delivered | Promise<Delivered> => {
      const unchanged = { stored: look.stored, sent: null }
      const isDue = look.isCurrent && (isDeliverable(look) || (options.mayStart === true && isIdle(look)))
      const message = isDue ? nextQueued(look.stored) : undefined
      if (message === undefined) return unchanged
      return deliverOne(orch, look.stored, message, options.signal).catch((error: unknown) => {
        if (options.signal?.aborted || !isOrchError(error)) throw error
        return unchanged
      })
    }),
  )
}

/** Looks at one agent, delivers what waits for it to be idle, and looks again when something was delivered. */
export async function lookAndDeliver(
  orch: Orch,
  stored: StoredRecord,
  { signal, ...how }: LookOptions = {},
): Promise<Look> {
  const look = await lookAtOne(orch, stored, signal, how)
  const [after] = await deliverQueued(orch, [look], { signal })
  return after === undefined || after.sent === null ? look : await lookAtOne(orch, after.stored, signal, how)
}

/** The oldest message that still waits. */
export function nextQueued({ record }: StoredRecord): QueuedMessage | undefined {
  return record.queue?.find(({ triedAt }) => triedAt === null)
}

/** That messages are not proven to be delivered, in one sentence; `null` when there are none. */
export function undelivered({ record }: StoredRecord): string | null {
  const count = record.queue?.length ?? 0
  if (count === 0) return null
  const what = count === 1 ? 'One message is' : `${count} messages are`
  return `${what} not proven to be delivered, of those for when it is idle: see "orch check ${record.id}"`
}

/** Whether a message is given to the agent because of a look such as this one: without starting a server for it. */
export function isDeliverable(look: Look): boolean {
  return isIdle(look) && look.observation?.asleep !== true
}

/** Whether the agent's last turn is over and went well, and nothing else comes by itself; also when it said Complete. */
export function isIdle(look: Look): boolean {
  const { stored, observation, agent } = look
  if (stored.record.lifecycle !== 'active' || endedReason(stored, false) !== null || hasEnded(look)) return false
  const isAtRest = agent.state === 'idle' || agent.state === 'done'
  return isAtRest && observation?.turn.known === true && observation.turn.value.status === 'ended'
}

async function deliverOne(
  orch: Orch,
  stored: StoredRecord,
  message: QueuedMessage,
  signal: AbortSignal | undefined,
): Promise<Delivered> {
  const { id } = stored.record
  const before = await recordAttempt(orch, stored, message)
  if (before === null) return { stored, sent: null }
  const files = keptFiles(before.record.workspace, message.id, message.attachments)
  const whole = messageOf(message.id, message.text, files)
  const receipt = await handOver(orch, before, whole, signal).catch((error: unknown) => {
    if (signal?.aborted || !isOrchError(error)) throw error
    return refused({ code: error.code, text: error.message })
  })
  return { stored: await reread(orch, id), sent: { messageId: message.id, receipt } }
}

/** `null` when somebody else is at it, or the record is not as it was looked at any more. */
async function recordAttempt(orch: Orch, stored: StoredRecord, message: QueuedMessage): Promise<StoredRecord | null> {
  const { id, attempts, queue = [] } = stored.record
  const claim = `queued\0${id}\0${message.id}`
  if (!takeOver(orch.claims, claim, null)) return null
  // barrier: queue-claimed
  let before = null as StoredRecord | null
  try {
    const at = new Date().toISOString()
    const set = {
      attempts: [...attempts, { id: message.id, at }],
      queue: queue.map((one) => (one.id === message.id ? { ...one, triedAt: at } : one)),
    }
    before = await appendUnlessChanged(orch, stored, { type: 'sending', set })
    return before
  } finally {
    if (before === null) giveBack(orch.claims, claim)
  }
}
