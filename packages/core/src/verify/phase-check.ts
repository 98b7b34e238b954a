import type { CompleteCheck } from '../documents.ts'
import type { Look } from '../orchestrator/look.ts'
import { cutOffAfterComplete, isComplete } from '../state/cut-off.ts'

/** Whether the agent itself says that the whole task is done. */
export function phaseCheck({ report, stored, observation }: Look): CompleteCheck {
  const name = 'phase'
  const { id } = stored.record
  if (report.unreadable !== null)
    return { name, result: 'fail', text: report.unreadable.text, hint: `See its page with "orch check ${id}"` }
  const messagedAt = cutOffAfterComplete(stored.record, observation, report)
  if (messagedAt !== null) {
    const text = `It reported Complete before the message of ${messagedAt}, whose turn was cut off`
    return { name, result: 'fail', text, hint: `Have it go on with "orch resume ${id}"` }
  }
  if (isComplete(report.phase?.name)) return { name, result: 'pass', text: 'It reported Complete' }
  const said = report.phase === null ? 'It reported no phase' : `It reported "${report.phase.name}"`
  return { name, result: 'fail', text: `${said}, not Complete`, hint: `See what it does with "orch tail ${id}"` }
}
