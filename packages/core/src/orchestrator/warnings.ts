import type { Reason } from '../agent.ts'
import type { Doc } from '../documents.ts'
import type { StoredRecord } from '../registry/record.ts'
import type { UnreadableRecord } from '../registry/registry.ts'
import type { Orch } from './orch.ts'

/** The part every document has: its version, and what is wrong with the records it was made from. */
export function documentFor(records: readonly StoredRecord[], unreadable: readonly UnreadableRecord[] = []): Doc {
  const warnings: Reason[] = unreadable.map((one) => ({
    code: one.code ?? 'RECORD_CORRUPT',
    text: `${one.reason} (${adviceFor(one).replace(/^[A-Z]/, (letter) => letter.toLowerCase())})`,
  }))
  for (const { record, damage, skippedLines } of records) {
    if (damage !== null) {
      warnings.push({ code: damage.code, text: `The record of "${record.id}" cannot be trusted: ${damage.text}` })
    } else if (skippedLines.length > 0) {
      const lines = skippedLines.length === 1 ? `line ${skippedLines[0]}` : `lines ${skippedLines.join(', ')}`
      warnings.push({
        code: 'RECORD_LINE_SKIPPED',
        text: `The record of "${record.id}" has an unreadable part, which was skipped: ${lines}`,
      })
    }
  }
  return { apiVersion: 1, warnings }
}

/** What is to be done about a record that cannot be read. */
export function adviceFor({ hint, place }: UnreadableRecord): string {
  return hint ?? `Look at "${place}"; move it away to forget the agent`
}

/** What is wrong with the configuration, for what goes on without that part of it. */
export function configWarnings({ configProblems }: Orch): readonly Reason[] {
  return configProblems.map(({ code, message }) => ({ code, text: message }))
}
