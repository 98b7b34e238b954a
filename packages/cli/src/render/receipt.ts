import type { Delivery, Receipt } from '@orch/core'
import { oneLine, type Page, type Style, styled } from '../page.ts'
import { writeEvidence } from './agent.ts'

const STYLES: Readonly<Record<Delivery, Style>> = {
  confirmed: 'green',
  queued: 'green',
  accepted: 'green',
  unconfirmed: 'yellow',
  refused: 'red',
}

/** How sure a delivery is, by what evidence, and what to do when it is not. */
export function writeReceipt(page: Page, id: string, receipt: Receipt): void {
  const why = receipt.reason === null ? '' : `  ${oneLine(receipt.reason.text)}`
  page.line(styled('bold', id), '  ', styled(STYLES[receipt.delivery], receipt.delivery), why)
  writeEvidence(page, receipt.evidence)
  noteNextAction(page, id, receipt)
}

/** A receipt beside the answer: where stdout is for something else. */
export function noteReceipt(page: Page, id: string, receipt: Receipt): void {
  const why = receipt.reason === null ? '' : `: ${oneLine(receipt.reason.text)}`
  page.note(`orch: The message to ${id} is ${receipt.delivery}${why}`)
  noteNextAction(page, id, receipt)
}

function noteNextAction(page: Page, id: string, receipt: Receipt): void {
  if (receipt.delivery === 'unconfirmed') page.note(`  → Look with "orch tail ${id}" before you send it again`)
  if (receipt.delivery === 'refused') page.note(`  → orch check ${id}`)
}
