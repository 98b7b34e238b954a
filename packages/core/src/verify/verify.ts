import type { CompleteCheck } from '../documents.ts'
import type { Look } from '../orchestrator/look.ts'
import { deliverablesCheck } from './deliverables-check.ts'
import { phaseCheck } from './phase-check.ts'
import { queueCheck } from './queue-check.ts'
import { requestCheck } from './request-check.ts'
import { turnCheck } from './turn-check.ts'

/** What a look at the agent and its files shows, one check each, in the order in which a person would ask. */
export function checksOf(look: Look): readonly CompleteCheck[] {
  return [
    phaseCheck(look),
    requestCheck(look),
    turnCheck(look),
    queueCheck(look),
    deliverablesCheck(look.stored.record),
  ]
}
