import type { CompleteCheck } from '../documents.ts'
import { hasEnded, type Look } from '../orchestrator/look.ts'
import { cutOffAfterComplete } from '../state/cut-off.ts'

/** Whether the agent is still at work, whatever it says of itself. */
export function turnCheck(look: Look): CompleteCheck {
  const { observation, agent, stored, report } = look
  const name = 'turn'
  if (observation === null) return { name, result: 'skip', text: 'Nothing of it was created' }
  if (agent.state === 'unknown') {
    const text = `It could not be looked at: ${agent.reason.text}`
    return { name, result: 'fail', text, hint: `See why with "orch check ${agent.id} --explain"` }
  }
  const { turn } = observation
  if (hasEnded(look)) return { name, result: 'pass', text: 'It has ended' }
  if (turn.known && turn.value.status === 'running')
    return { name, result: 'fail', text: 'A turn runs', hint: `Wait for its end with "orch wait ${agent.id}"` }
  if (cutOffAfterComplete(stored.record, observation, report) !== null) {
    const text = `Its last turn was cut off: ${agent.reason.text}`
    return { name, result: 'fail', text, hint: `Have it go on with "orch resume ${agent.id}"` }
  }
  if (turn.known) return { name, result: 'pass', text: 'No turn runs' }
  return { name, result: 'skip', text: 'This program does not show its turns' }
}
