import { NOT_SHOWN } from '../backend.ts'
import type { CompleteCheck } from '../documents.ts'
import { hasEnded, type Look } from '../orchestrator/look.ts'
import { cutOffAfterComplete } from '../state/cut-off.ts'
import { openRequests } from '../state/derive-state.ts'

/** Whether the agent waits on an answer. */
export function requestCheck(look: Look): CompleteCheck {
  const { observation, report, stored } = look
  const name = 'requests'
  const { id } = stored.record
  if (hasEnded(look)) return { name, result: 'pass', text: 'It has ended and waits on nothing' }
  const open = openRequests(observation, report)
  if (open[0] !== undefined) {
    const text = `It waits on a ${open[0].kind}: ${open[0].text}`
    return { name, result: 'fail', text, hint: `Answer it with "orch answer ${id}"` }
  }
  if (observation !== null && !observation.requests.known && observation.requests.reason.code !== NOT_SHOWN) {
    const text = `Its requests could not be looked at: ${observation.requests.reason.text}`
    return { name, result: 'fail', text, hint: `See why with "orch check ${id} --explain"` }
  }
  if (cutOffAfterComplete(stored.record, observation, report) !== null)
    return { name, result: 'skip', text: 'What it may have asked went with the turn that was cut off' }
  return { name, result: 'pass', text: 'No request is open' }
}
