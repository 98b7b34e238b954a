import type { TranscriptEntry } from './transcript-entry.ts'

/** What a line of a transcript says that a plugin or program of orch's own wrote: it is an entry as it stands. */
export function ownEntries(line: string): TranscriptEntry[] {
  const entry = JSON.parse(line) as TranscriptEntry
  return ['said', 'called', 'returned'].includes(entry.type) ? [entry] : []
}
