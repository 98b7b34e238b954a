import type { Reason, Receipt } from '../agent.ts'
import { messageOf } from '../attachments.ts'
import type { ResumeDocument } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { deliver } from '../messages/send.ts'
import { recoverSpawns } from '../recovery/recover.ts'
import type { StoredRecord } from '../registry/record.ts'
import { uniqueId } from '../unique.ts'
import { forEachAgent, toErrorInfo } from './end-agent.ts'
import { warnOfInterrupted } from './interrupted-turns.ts'
import { isAsleep, type Look, lookAt, lookAtOne } from './look.ts'
import type { ResumeOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { endedReason, NOT_SPAWNED, refusalOf, refused } from './refusal.ts'
import { assertRestartable, needsRestart, restartAgent } from './restart-agent.ts'
import { assertSound, reread } from './update-record.ts'

type ResumeResult = ResumeDocument['results'][number]

/** What an agent is told when nobody says anything else. */
const GO_ON = 'Go on with your task from where you stopped. Your last turn may have been cut off.'

/**
 * Has agents go on whose turn is over, in the same conversation: interrupted ones, those of a server that ended, those that
 * failed or stopped before they were done. A program that ended is started again first, where it can go on with its
 * conversation. One look at all of them; whose turn runs, or who waits, is left alone.
 * @throws OrchError `EMPTY_MESSAGE`
 */
export async function resume(orch: Orch, ids: readonly string[], options: ResumeOptions = {}): Promise<ResumeDocument> {
  const { signal, dryRun = false, message } = options
  if (message?.trim() === '')
    throw new OrchError('EMPTY_MESSAGE', 'Cannot resume with this message: it is empty', {
      hint: 'Give a message, or leave out -m',
    })
  const read = await Promise.allSettled([...new Set(ids)].map(async (id) => assertSound(await reread(orch, id))))
  const sound = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const records = dryRun ? sound : await recoverSpawns(orch, sound, [], signal)
  const { looks } = await lookAt(orch, records, { signal })
  const seen = new Map(looks.map((look) => [look.stored.record.id, look]))
  const results = await forEachAgent<ResumeResult>(
    ids,
    // One whose record could not be read has the error of that as its result.
    async (id) => resumeOne(orch, seen.get(id) ?? (await lookAtOne(orch, await reread(orch, id), signal)), options),
    (id, error) => ({ id, ok: false, stopped: null, restarted: false, receipt: null, error }),
  )
  const woken = dryRun ? [] : [...new Set(looks.filter(isAsleep).map(({ stored }) => stored.record.backend))]
  const warnings = await Promise.all(woken.map((backend) => warnOfInterrupted(orch, backend, signal)))
  return { apiVersion: 1, warnings: warnings.flat(), dryRun, results }
}

async function resumeOne(orch: Orch, look: Look, options: ResumeOptions): Promise<ResumeResult> {
  const { id, reason, evidence } = look.agent
  const restarted = needsRestart(look)
  const refusal = restarted ? staysEnded(look) : (refusalOf(look, false) ?? goesOn(look))
  if (refusal !== null)
    return { id, ok: false, stopped: null, restarted: false, receipt: refused(refusal, evidence), error: null }
  if (restarted) assertRestartable(look)
  if (options.dryRun) return { id, ok: true, stopped: reason, restarted, receipt: null, error: null }
  const stored = restarted ? await restartAgent(orch, look, options.signal) : look.stored
  try {
    const receipt = await tell(orch, stored, { ...options, restarted })
    const ok = receipt.delivery !== 'refused' && receipt.delivery !== 'unconfirmed'
    return { id, ok, stopped: reason, restarted, receipt, error: null }
  } catch (error) {
    if (!restarted || !isOrchError(error)) throw error
    return { id, ok: false, stopped: reason, restarted, receipt: null, error: toErrorInfo(error) }
  }
}

/** An agent that was just started again is looked at as before any message: it may ask something first. */
async function tell(
  orch: Orch,
  stored: StoredRecord,
  { restarted, message = GO_ON, signal }: ResumeOptions & { readonly restarted: boolean },
): Promise<Receipt> {
  const text = messageOf(uniqueId(), message)
  if (!restarted) return await deliver(orch, stored, text, { signal })
  const look = await lookAtOne(orch, stored, signal)
  const refusal = refusalOf(look, false)
  if (refusal !== null) return refused(refusal, look.agent.evidence)
  return await deliver(orch, look.stored, text, { signal })
}

/** Why an agent whose program ended is left so; `null` for one that is to go on. */
function staysEnded({ stored, agent }: Look): Reason | null {
  const ended = endedReason(stored, false)
  if (ended !== null) return ended
  if (agent.lifecycle !== 'active') return NOT_SPAWNED
  return agent.state === 'done' ? { code: 'DONE', text: 'It says that it is done, and its program ended' } : null
}

/** Why there is nothing to resume; `null` for an agent that stopped before it was done. */
function goesOn({ agent }: Look): Reason | null {
  if (agent.state === 'idle' || agent.state === 'failed') return null
  if (agent.state === 'done') return { code: 'DONE', text: 'It says that it is done: send it a message to go on' }
  if (agent.state === 'running') return { code: 'TURNS_UNKNOWN', text: 'It does not show its turns: send it a message' }
  return { code: 'NOT_STOPPED', text: `It is ${agent.state}: ${agent.reason.text}` }
}
