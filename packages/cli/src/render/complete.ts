import type { CompleteDocument } from '@orch/core'
import { oneLine, type Page, type Style, styled } from '../page.ts'
import { writeStop } from './stop.ts'

type Result = CompleteDocument['results'][number]

const STYLES: Readonly<Record<string, Style>> = {
  pass: 'green',
  fail: 'red',
  skip: 'dim',
  overridden: 'yellow',
}

/** How many of the last lines of the command are shown, where it did not pass. */
const TAIL_LINES = 10

/** How each agent stands, check by check, with one next action for one that failed. */
export function writeComplete(page: Page, { dryRun, results }: CompleteDocument): void {
  for (const result of results) {
    const done = dryRun ? 'can be completed' : 'completed'
    const open = dryRun ? 'cannot be completed' : 'not completed'
    page.line(styled('bold', result.id), '  ', result.ok ? styled('green', done) : styled('red', open))
    for (const check of result.checks) {
      const text = ` ${check.name}: ${oneLine(check.text)}`
      page.line('  ', styled(STYLES[check.result] ?? 'dim', check.result.padEnd(10)), text)
      if (check.name === 'verify' && ['fail', 'overridden'].includes(check.result)) writeOutput(page, result)
    }
    const hint = result.checks.find((check) => check.result === 'fail')?.hint
    if (hint !== undefined) page.line(`  → ${oneLine(hint)}`)
    if (result.delivered !== null) page.line('  ', oneLine(result.delivered.text))
    writeStop(page, result)
  }
  if (!dryRun && results.some(canBeForced)) page.note('  → Mend what failed, or use "orch complete --force"')
}

/** One whose record was closed before cannot, nor one whose work cannot be handed over: only what was done can be. */
function canBeForced({ checks }: Result): boolean {
  const failed = checks.filter(({ result }) => result === 'fail').map(({ name }) => name)
  return failed.length > 0 && !failed.includes('record') && !failed.includes('delivery')
}

function writeOutput(page: Page, { verify }: Result): void {
  for (const line of verify?.tail.slice(-TAIL_LINES) ?? []) page.line('             ', styled('dim', line))
}
