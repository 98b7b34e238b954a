import type { Evidence, Reason, Receipt } from '../agent.ts'
import type { StoredRecord } from '../registry/record.ts'
import { exitText } from '../state/rules-of-exit.ts'
import { isBeingDelivered } from './being-ended.ts'
import type { Look } from './look.ts'

/** Why nothing may be typed into an agent now, or `null`; `force` allows it while it waits, is being ended, or could not be looked at. */
export function refusalOf(look: Look, force: boolean): Reason | null {
  const nobody = nobodyReads(look, force)
  if (nobody !== null || force) return nobody
  const { agent } = look
  if (agent.state === 'waiting') {
    return {
      code: 'WAITING',
      text: `It waits on a ${agent.requests[0]?.kind ?? 'request'}: answer that, or use --force`,
    }
  }
  if (agent.state === 'unknown') return { code: 'UNKNOWN', text: `It could not be looked at: ${agent.reason.text}` }
  return null
}

/** Why nobody is there, or will be, who would read a message; `null` when somebody is, or may be. */
export function nobodyReads({ stored, agent }: Look, force: boolean): Reason | null {
  const ended = endedReason(stored, force)
  if (ended !== null) return ended
  if (stored.record.resuming) return RESUMING
  if (agent.lifecycle === 'queued') return QUEUED
  if (agent.lifecycle !== 'active') return NOT_SPAWNED
  if (agent.state === 'exited' || agent.state === 'lost') return agent.reason
  if (agent.exit !== null) return { code: 'PROCESS_ENDED', text: `Its process ended ${exitText(agent.exit)}` }
  return null
}

/** Of an agent that was not made whole. */
export const NOT_SPAWNED: Reason = { code: 'NOT_SPAWNED', text: 'Its spawn did not come to an end' }

const QUEUED: Reason = { code: 'QUEUED', text: 'It waits to be started' }

const RESUMING: Reason = { code: 'RESUMING', text: 'Its program is being started again' }

/** Why nobody would act on a message: the record is closed, or is about to be and `force` is not given. */
export function endedReason(
  { record, closed }: Pick<StoredRecord, 'record' | 'closed'>,
  force: boolean,
): Reason | null {
  if (closed) return { code: 'CLOSED', text: `It was ${record.lifecycle} already` }
  if (force) return null
  if (isBeingDelivered(record))
    return {
      code: 'ENDING',
      text: `Its work is being handed over: see "orch check ${record.id}" once that has ended, or use --force`,
    }
  if (record.ending === undefined) return null
  const verb = record.ending === 'completed' ? 'complete' : 'abandon'
  return {
    code: 'ENDING',
    text: `It is being ${record.ending}: run "orch ${verb} ${record.id}" again if that was cut off, or use --force`,
  }
}

/** The receipt of a message that was not sent. */
export function refused(reason: Reason, evidence: readonly Evidence[] = []): Receipt {
  return { messageId: null, delivery: 'refused', reason, evidence, at: new Date().toISOString() }
}
