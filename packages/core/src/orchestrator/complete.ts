import { NOT_SHOWN } from '../backend.ts'
import type { CompleteCheck, CompleteDocument, CompleteResult } from '../documents.ts'
import { isComplete, openRequests } from '../state/derive-state.ts'
import { undelivered } from './deliver-queued.ts'
import { endAgent, endVerifiedAgent, forEachAgent } from './end-agent.ts'
import { hasEnded, type Look, lookAtOne } from './look.ts'
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
  const checks = [phaseCheck(look), requestCheck(look), turnCheck(look), ...queueCheck(look)].map(
    (check): CompleteCheck => (check.result === 'fail' && options.force ? { ...check, result: 'overridden' } : check),
  )
  const ok = checks.every(({ result }) => result !== 'fail')
  // barrier: complete-checked
  if (!ok || options.dryRun) return { id, ok, checks, stop: null, lifecycle, error: null }
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

function phaseCheck({ report }: Look): CompleteCheck {
  const name = 'phase'
  if (report.unreadable !== null) return { name, result: 'fail', text: report.unreadable.text }
  if (isComplete(report.phase?.name)) return { name, result: 'pass', text: 'It reported Complete' }
  const said = report.phase === null ? 'It reported no phase' : `It reported "${report.phase.name}"`
  return { name, result: 'fail', text: `${said}, not Complete` }
}

function requestCheck(look: Look): CompleteCheck {
  const { observation, report } = look
  const name = 'requests'
  if (hasEnded(look)) return { name, result: 'pass', text: 'It has ended and waits on nothing' }
  const open = openRequests(observation, report)
  if (open[0] !== undefined) return { name, result: 'fail', text: `It waits on a ${open[0].kind}: ${open[0].text}` }
  if (observation !== null && !observation.requests.known && observation.requests.reason.code !== NOT_SHOWN)
    return { name, result: 'fail', text: `Its requests could not be looked at: ${observation.requests.reason.text}` }
  return { name, result: 'pass', text: 'No request is open' }
}

function turnCheck(look: Look): CompleteCheck {
  const { observation, agent } = look
  const name = 'turn'
  if (observation === null) return { name, result: 'skip', text: 'Nothing of it was created' }
  if (agent.state === 'unknown')
    return { name, result: 'fail', text: `It could not be looked at: ${agent.reason.text}` }
  const { turn } = observation
  if (hasEnded(look)) return { name, result: 'pass', text: 'It has ended' }
  if (turn.known && turn.value.status === 'running') return { name, result: 'fail', text: 'A turn runs' }
  if (turn.known) return { name, result: 'pass', text: 'No turn runs' }
  return { name, result: 'skip', text: 'This program does not show its turns' }
}

/** What waits for it to be idle would never be delivered any more. */
function queueCheck({ stored }: Look): readonly CompleteCheck[] {
  const text = undelivered(stored)
  return text === null ? [] : [{ name: 'queue', result: 'fail', text }]
}
