import type { CompleteCheck } from '../documents.ts'
import { undelivered } from '../messages/deliver-queued.ts'
import type { Look } from '../orchestrator/look.ts'

/** Whether a message still waits for the agent to be idle: it would never be delivered any more. */
export function queueCheck({ stored }: Look): CompleteCheck {
  const name = 'queue'
  const text = undelivered(stored)
  if (text === null) return { name, result: 'pass', text: 'No message waits for it' }
  return {
    name,
    result: 'fail',
    text,
    hint: `Wait for its next answer with "orch wait ${stored.record.id} --until idle"`,
  }
}
