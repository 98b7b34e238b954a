import type { CompleteCheck } from '../documents.ts'
import type { Look } from '../orchestrator/look.ts'

/** Whether the agent failed, whatever it says of itself. */
export function stateCheck({ agent: { id, state, reason } }: Look): CompleteCheck {
  const name = 'state'
  if (state === 'unknown') return { name, result: 'skip', text: `It could not be looked at: ${reason.text}` }
  if (state !== 'failed') return { name, result: 'pass', text: `It is ${state}` }
  return { name, result: 'fail', text: `It failed: ${reason.text}`, hint: `See why with "orch check ${id} --explain"` }
}
