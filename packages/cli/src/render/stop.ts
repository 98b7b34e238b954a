import type { ErrorInfo, StopProof } from '@orch/core'
import { oneLine, type Page, styled } from '../page.ts'
import { writeEvidence } from './agent.ts'

/** How an agent was ended and how that is known, or why it was not. */
export function writeStop(
  page: Page,
  result: { readonly stop: StopProof | null; readonly error: ErrorInfo | null },
): void {
  const { stop, error } = result
  if (stop !== null) {
    page.line('  ', stop.proven ? 'ended, proven by' : styled('red', 'its end is not proven'))
    writeEvidence(page, stop.evidence)
  }
  if (error === null) return
  page.line('  ', styled('red', oneLine(error.message)))
  if (error.hint !== undefined) page.line(`  → ${oneLine(error.hint)}`)
}
