import type { Reason, Usage } from '../agent.ts'
import type { AbandonDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { undelivered } from '../messages/deliver-queued.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { assertNotDelivered } from './being-ended.ts'
import { endAgent, forEachAgent } from './end-agent.ts'
import { lookAt } from './look.ts'
import type { AbandonOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { closeRecord, reread } from './update-record.ts'
import { configWarnings } from './warnings.ts'

/** What it used is worth a short look, in milliseconds: the end of an agent that nobody wants does not wait for more. */
const USAGE_MS = 5_000

type AbandonResult = AbandonDocument['results'][number]

/** The longest reason, in characters. */
const REASON_CHARACTERS = 500

/**
 * Ends agents without verification and closes their records; their work stays on disk. Twice is fine: the reason that
 * was given first stays.
 * @throws OrchError `USAGE` for a reason that is empty, of several lines or too long; nothing was ended
 */
export async function abandon(
  orch: Orch,
  ids: readonly string[],
  options: AbandonOptions = {},
): Promise<AbandonDocument> {
  const reason = checkedReason(options.reason)
  const usages = await usagesOf(orch, ids, options.signal)
  const warnings: Reason[] = [...configWarnings(orch)]
  const results = await forEachAgent<AbandonResult>(
    ids,
    (id) => abandonOne(orch, id, { ...options, reason, usage: usages.get(id) ?? null, warnings }),
    (id, error) => ({ id, ok: false, stop: null, error }),
  )
  return { apiVersion: 1, warnings, results }
}

async function abandonOne(
  orch: Orch,
  id: string,
  { reason, usage, warnings, signal }: AbandonOptions & { readonly usage: Usage | null; readonly warnings: Reason[] },
): Promise<AbandonResult> {
  const stored = await reread(orch, id)
  if (stored.closed && stored.record.lifecycle === 'completed') {
    throw new OrchError('CLOSED', `Cannot abandon "${id}": it was completed before`, {
      hint: `See it with "orch check ${id}"`,
      agent: id,
    })
  }
  if (stored.closed) return { id, ok: true, stop: null, error: null }
  assertNotDelivered(stored.record)
  const { stop, stopped } = await endAgent(orch, stored, { as: 'abandoned', usage, reason }, signal)
  // barrier: abandon-stopped
  if (stop.proven) {
    const closed = await closeRecord(orch, stopped, 'abandoned', { attempts: [] })
    warnings.push(...notDelivered(closed), ...handedOver(closed.record))
  }
  return { id, ok: stop.proven, stop, error: null }
}

function checkedReason(given: string | undefined): string | undefined {
  const reason = given?.trim()
  if (reason === undefined || (reason !== '' && reason.length <= REASON_CHARACTERS && !/[\r\n]/.test(reason)))
    return reason
  const state = reason === '' ? 'is empty' : `has ${reason.length} characters or several lines`
  throw new OrchError('USAGE', `Cannot record the reason: it ${state}`, {
    hint: `Give one line of at most ${REASON_CHARACTERS} characters`,
  })
}

function notDelivered(stored: StoredRecord): readonly Reason[] {
  const text = undelivered(stored)
  return text === null ? [] : [{ code: 'NOT_DELIVERED', text: `"${stored.record.id}" was ended: ${text}` }]
}

/** Who was killed while handing over work may have done so. */
function handedOver({ id, delivering, worktree }: AgentRecord): readonly Reason[] {
  if (!delivering) return []
  const text =
    worktree?.delivered?.at !== undefined && worktree.delivered.at >= delivering.at
      ? `The work of "${id}" was handed over before it was abandoned: ${worktree.delivered.text}`
      : `"orch complete --${delivering.how}" was cut off before "${id}" was abandoned: its work may be handed over already`
  return [{ code: 'HANDED_OVER', text }]
}

/** One look at all of them. One whose record cannot be read has its error later. */
async function usagesOf(
  orch: Orch,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Usage | null>> {
  const read = await Promise.allSettled([...new Set(ids)].map((id) => reread(orch, id)))
  const open = read.flatMap((one) => (one.status === 'fulfilled' && hasPlace(one.value) ? [one.value] : []))
  const requestTimeoutMs = Math.min(orch.requestTimeoutMs, USAGE_MS)
  const { looks } = await lookAt({ ...orch, requestTimeoutMs }, open, { signal, usage: true })
  return new Map(looks.map(({ agent }) => [agent.id, agent.usage]))
}

function hasPlace({ record, closed }: StoredRecord): boolean {
  return !closed && record.handle !== null
}
