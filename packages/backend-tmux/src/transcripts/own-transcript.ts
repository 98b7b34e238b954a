import type { TranscriptEntry } from './transcript-entry.ts'
import type { UsageEntry } from './usage-entry.ts'

/** What a line of a transcript says that orch's own plugin wrote: it is an entry as it stands. */
export function ownEntries(line: string): TranscriptEntry[] {
  const entry = JSON.parse(line) as TranscriptEntry
  return ['said', 'called', 'returned'].includes(entry.type) ? [entry] : []
}

/** What such a line says of turns and of what they used. */
export function ownUsage(line: string): UsageEntry[] {
  const entry = JSON.parse(line) as UsageEntry
  return ['began', 'spent', 'ended', 'cost'].includes(entry.type) ? [entry] : []
}
