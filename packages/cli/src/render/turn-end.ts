import type { TurnEnd, WaitOutcome } from '@orch/core'
import type { Page } from '../page.ts'

const WITHOUT_ANSWER: Readonly<Record<WaitOutcome, string>> = {
  met: 'answered',
  timeout: 'did not answer in time',
  failed: 'failed',
  lost: 'is lost',
  exited: 'has exited',
  waiting: 'needs an answer itself',
  idle: 'is idle without having answered',
  closed: 'was abandoned or completed meanwhile',
}

/** The final answer and nothing else; without one, stderr says why. */
export function writeTurnEnd(page: Page, id: string, { outcome, answer }: TurnEnd): void {
  if (answer !== null) page.line(answer.text)
  if (answer !== null || outcome === null) return
  page.note(`orch: ${id} ${WITHOUT_ANSWER[outcome]}`)
  page.note(`  → orch check ${id}`)
}
