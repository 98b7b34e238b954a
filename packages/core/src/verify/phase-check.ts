import type { CompleteCheck } from '../documents.ts'
import type { Look } from '../orchestrator/look.ts'
import { isComplete } from '../state/derive-state.ts'

/** Whether the agent itself says that the whole task is done. */
export function phaseCheck({ report, stored }: Look): CompleteCheck {
  const name = 'phase'
  const { id } = stored.record
  if (report.unreadable !== null)
    return { name, result: 'fail', text: report.unreadable.text, hint: `See its page with "orch check ${id}"` }
  if (isComplete(report.phase?.name)) return { name, result: 'pass', text: 'It reported Complete' }
  const said = report.phase === null ? 'It reported no phase' : `It reported "${report.phase.name}"`
  return { name, result: 'fail', text: `${said}, not Complete`, hint: `See what it does with "orch tail ${id}"` }
}
