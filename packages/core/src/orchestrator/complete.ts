import type { CompleteCheck, CompleteDocument, CompleteResult } from '../documents.ts'
import { checksOf } from '../verify/verify.ts'
import { endAgent, endVerifiedAgent, forEachAgent } from './end-agent.ts'
import { lookAtOne } from './look.ts'
import type { CompleteOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { assertSound, closeRecord, reread } from './update-record.ts'

/**
 * Verifies that the task is done (the phase says so, nothing is asked, no turn runs, no message waits), then ends each agent and closes
 * its record. Nothing is ended unless every check passed or `force` overrides it; a record is closed only on proof.
 */
export async function complete(
  orch: Orch,
  ids: readonly string[],
  options: CompleteOptions = {},
): Promise<CompleteDocument> {
  const results = await forEachAgent<CompleteResult>(
    ids,
    (id) => completeOne(orch, id, options),
    (id, error) => ({ id, ok: false, checks: [], stop: null, lifecycle: null, error }),
  )
  return { apiVersion: 1, warnings: [], dryRun: options.dryRun === true, results }
}

/** What was verified holds only as long as the record does not change: a message may have been sent meanwhile. */
async function completeOne(orch: Orch, id: string, options: CompleteOptions): Promise<CompleteResult> {
  for (;;) {
    const result = await completeAsSeen(orch, id, options)
    if (result !== null) return result
  }
}

/** `null`, and nothing done, when the record changed while it was verified. */
async function completeAsSeen(orch: Orch, id: string, options: CompleteOptions): Promise<CompleteResult | null> {
  const look = await lookAtOne(orch, assertSound(await reread(orch, id)), options.signal, { usage: true })
  const { lifecycle } = look.stored.record
  if (look.stored.closed) return alreadyClosed(id, lifecycle)
  const checks = checksOf(look).map(
    (check): CompleteCheck => (check.result === 'fail' && options.force ? { ...check, result: 'overridden' } : check),
  )
  const ok = checks.every(({ result }) => result !== 'fail')
  // barrier: complete-checked
  if (!ok || options.dryRun) return { id, ok, checks, stop: null, lifecycle, error: null }
  // Here a worktree's work is merged, sent or kept: everything was verified, nothing is ended yet.
  const end = options.force ? endAgent : endVerifiedAgent
  const ended = await end(orch, look.stored, { as: 'completed', usage: look.agent.usage }, options.signal)
  if (ended === null) return null
  const { stop, stopped } = ended
  // barrier: complete-stopped
  if (!stop.proven) return { id, ok: false, checks, stop, lifecycle, error: null }
  const overridden = checks.filter(({ result }) => result === 'overridden').map(({ name }) => name)
  const closed = await closeRecord(orch, stopped, 'completed', {
    attempts: [],
    ...(overridden.length > 0 ? { overridden } : {}),
  })
  return { id, ok: true, checks, stop, lifecycle: closed.record.lifecycle, error: null }
}

function alreadyClosed(id: string, lifecycle: CompleteResult['lifecycle']): CompleteResult {
  const done = lifecycle === 'completed'
  const check: CompleteCheck = { name: 'record', result: done ? 'pass' : 'fail', text: `It was ${lifecycle} before` }
  return { id, ok: done, checks: [check], stop: null, lifecycle, error: null }
}
