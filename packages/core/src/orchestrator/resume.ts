import { randomUUID } from 'node:crypto'
import type { Reason } from '../agent.ts'
import { messageOf } from '../attachments.ts'
import type { ResumeDocument } from '../documents.ts'
import { forEachAgent } from './end-agent.ts'
import { warnOfInterrupted } from './interrupted-turns.ts'
import { isAsleep, type Look, lookAt, lookAtOne } from './look.ts'
import type { ResumeOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { refusalOf, refused } from './refusal.ts'
import { deliver } from './send.ts'
import { assertSound, reread } from './update-record.ts'

type ResumeResult = ResumeDocument['results'][number]

/** What an agent is told when nobody says anything else. */
const GO_ON = 'Go on with your task from where you stopped. Your last turn may have been cut off.'

/**
 * Has agents go on whose turn is over, in the same conversation: interrupted ones, those of a server that ended, those that
 * failed or stopped before they were done. One look at all of them; whose turn runs, or who waits, is left alone.
 */
export async function resume(orch: Orch, ids: readonly string[], options: ResumeOptions = {}): Promise<ResumeDocument> {
  const { signal, dryRun = false } = options
  const read = await Promise.allSettled([...new Set(ids)].map(async (id) => assertSound(await reread(orch, id))))
  const records = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const { looks } = await lookAt(orch, records, { signal })
  const seen = new Map(looks.map((look) => [look.stored.record.id, look]))
  const results = await forEachAgent<ResumeResult>(
    ids,
    // One whose record could not be read has the error of that as its result.
    async (id) => resumeOne(orch, seen.get(id) ?? (await lookAtOne(orch, await reread(orch, id), signal)), options),
    (id, error) => ({ id, ok: false, stopped: null, receipt: null, error }),
  )
  const woken = dryRun ? [] : [...new Set(looks.filter(isAsleep).map(({ stored }) => stored.record.backend))]
  const warnings = await Promise.all(woken.map((backend) => warnOfInterrupted(orch, backend, signal)))
  return { apiVersion: 1, warnings: warnings.flat(), dryRun, results }
}

async function resumeOne(orch: Orch, look: Look, options: ResumeOptions): Promise<ResumeResult> {
  const { id, reason, evidence } = look.agent
  const refusal = refusalOf(look, false) ?? goesOn(look)
  if (refusal !== null) {
    return { id, ok: false, stopped: null, receipt: refused(refusal, evidence), error: null }
  }
  if (options.dryRun) return { id, ok: true, stopped: reason, receipt: null, error: null }
  const message = messageOf(randomUUID(), options.message ?? GO_ON)
  const receipt = await deliver(orch, look.stored, message, { signal: options.signal })
  const ok = receipt.delivery !== 'refused' && receipt.delivery !== 'unconfirmed'
  return { id, ok, stopped: reason, receipt, error: null }
}

/** Why there is nothing to resume; `null` for an agent that stopped before it was done. */
function goesOn({ agent }: Look): Reason | null {
  if (agent.state === 'idle' || agent.state === 'failed') return null
  if (agent.state === 'done') return { code: 'DONE', text: 'It says that it is done: send it a message to go on' }
  if (agent.state === 'running') return { code: 'TURNS_UNKNOWN', text: 'It does not show its turns: send it a message' }
  return { code: 'NOT_STOPPED', text: `It is ${agent.state}: ${agent.reason.text}` }
}
