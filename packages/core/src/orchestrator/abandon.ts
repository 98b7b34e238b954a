import type { Usage } from '../agent.ts'
import type { AbandonDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import type { StoredRecord } from '../registry/record.ts'
import { endAgent, forEachAgent } from './end-agent.ts'
import { lookAtOne } from './look.ts'
import type { CallOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { closeRecord, reread } from './update-record.ts'

/** What it used is worth a short look, in milliseconds: the end of an agent that nobody wants does not wait for more. */
const USAGE_MS = 5_000

type AbandonResult = AbandonDocument['results'][number]

/** Ends agents without verification and closes their records; their work stays on disk. Twice is fine. */
export async function abandon(orch: Orch, ids: readonly string[], options: CallOptions = {}): Promise<AbandonDocument> {
  const results = await forEachAgent<AbandonResult>(
    ids,
    (id) => abandonOne(orch, id, options),
    (id, error) => ({ id, ok: false, stop: null, error }),
  )
  return { apiVersion: 1, warnings: [], results }
}

async function abandonOne(orch: Orch, id: string, { signal }: CallOptions): Promise<AbandonResult> {
  const stored = await reread(orch, id)
  if (stored.closed && stored.record.lifecycle === 'completed') {
    throw new OrchError('CONFLICT', `Cannot abandon "${id}": it was completed before`, {
      hint: `See it with "orch check ${id}"`,
      agent: id,
    })
  }
  if (stored.closed) return { id, ok: true, stop: null, error: null }
  const usage = await usageOf(orch, stored, signal)
  const stop = await endAgent(orch, stored, { as: 'abandoned', usage }, signal)
  // barrier: abandon-stopped
  if (stop.proven) await closeRecord(orch, await reread(orch, id), 'abandoned', { attempts: [] })
  return { id, ok: stop.proven, stop, error: null }
}

async function usageOf(orch: Orch, stored: StoredRecord, signal: AbortSignal | undefined): Promise<Usage | null> {
  if (stored.record.handle === null) return null
  const requestTimeoutMs = Math.min(orch.requestTimeoutMs, USAGE_MS)
  return (await lookAtOne({ ...orch, requestTimeoutMs }, stored, signal)).agent.usage
}
