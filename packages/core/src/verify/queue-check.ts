import type { CompleteCheck } from '../documents.ts'
import { undelivered } from '../messages/deliver-queued.ts'
import type { Look } from '../orchestrator/look.ts'
import { cutOffAfterComplete } from '../state/cut-off.ts'

/** Whether a message was not answered, or still waits for the agent to be idle: it would never be delivered any more. */
export function queueCheck({ stored, observation, report }: Look): CompleteCheck {
  const name = 'queue'
  const text = undelivered(stored)
  const messagedAt = cutOffAfterComplete(stored.record, observation, report)
  if (messagedAt !== null) {
    const cut = `The message of ${messagedAt} was not answered`
    return { name, result: 'fail', text: cut, hint: `See it with "orch tail ${stored.record.id}", then send it again` }
  }
  if (text === null) return { name, result: 'pass', text: 'No message waits for it' }
  return {
    name,
    result: 'fail',
    text,
    hint: `Wait for its next answer with "orch wait ${stored.record.id} --until idle"`,
  }
}
