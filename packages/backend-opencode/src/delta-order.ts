/** How a piece of pushed text stands to the pieces of its part that came before. */
export type DeltaPlace = 'next' | 'again' | 'late'

/**
 * Judges each piece of text by the id of its event, which the server counts up: one that comes `again` was told, one that
 * comes `late` belongs between others. A piece without an id is the next.
 */
export function createDeltaOrder(): (partId: string, eventId: unknown) => DeltaPlace {
  const newest = new Map<string, string>()
  return (partId, eventId) => {
    if (typeof eventId !== 'string') return 'next'
    const before = newest.get(partId)
    if (before !== undefined && before >= eventId) return before === eventId ? 'again' : 'late'
    newest.set(partId, eventId)
    return 'next'
  }
}
