import { type Item, OrchError, type ReadQuery, type ReadResult } from '@orch/core'
import { readLinesWithin, sizeOf } from '../client/events-file.ts'
import { ItemMaker, type TranscriptEntry } from './transcript-entry.ts'

/** How much is read at first, and at most, in bytes. */
const FIRST_BYTES = 262_144
const MOST_BYTES = 268_435_456

/** A transcript on disk, and what its lines say. */
export interface Transcript {
  readonly path: string
  entriesOf(line: string): TranscriptEntry[]
}

interface Placed {
  readonly item: Item
  /** Byte offset of the line that it begins in, and its number there. */
  readonly place: string
}

/** A page of a transcript, read from its end and no further than needed. */
export function readTranscriptPage({ path, entriesOf }: Transcript, query: ReadQuery): ReadResult {
  const end = query.before === null ? null : parsePlace(query.before)
  const size = sizeOf(path)
  const to = end === null ? size : Math.min(size, end.offset + MOST_BYTES)
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const from = Math.max(0, (end?.offset ?? to) - bytes)
    const all = placedItems({ path, entriesOf }, { from, to, raw: query.raw })
    const wanted = end === null ? all : all.slice(0, indexOf(all, query.before as string))
    const isWhole = from === 0
    if (wanted.length < query.last && !isWhole && bytes < MOST_BYTES) continue
    const page = wanted.slice(-query.last)
    const first = page[0]
    const hasMore = first !== undefined && (wanted.length > page.length || !isWhole)
    return { items: page.map(({ item }) => item), before: hasMore ? first.place : null, gap: null }
  }
}

/** The items that begin between two offsets; the end of a call counts wherever in the range it stands. */
function placedItems(
  { path, entriesOf }: Transcript,
  { from, to, raw }: { readonly from: number; readonly to: number; readonly raw: boolean },
): Placed[] {
  const maker = new ItemMaker(raw)
  const placed = new Map<string, Placed>()
  for (const { text, start } of readLinesWithin(path, from, to)) {
    for (const [index, entry] of safely(entriesOf, text).entries()) {
      const item = maker.make(entry)
      if (item !== null) placed.set(item.id, { item, place: placed.get(item.id)?.place ?? `${start}.${index}` })
    }
  }
  return [...placed.values()]
}

/** A line that is not what it should be says nothing. */
export function safely<Entry>(entriesOf: (line: string) => Entry[], line: string): Entry[] {
  try {
    return entriesOf(line)
  } catch {
    return []
  }
}

function indexOf(all: readonly Placed[], before: string): number {
  const { offset, index } = parsePlace(before)
  const at = all.findIndex(({ place }) => {
    const here = parsePlace(place)
    return here.offset > offset || (here.offset === offset && here.index >= index)
  })
  return at < 0 ? all.length : at
}

function parsePlace(cursor: string): { readonly offset: number; readonly index: number } {
  const match = /^(\d{1,15})\.(\d{1,6})$/.exec(cursor)
  if (match === null) throw notACursor(cursor)
  return { offset: Number(match[1]), index: Number(match[2]) }
}

/** Why a text that came as a cursor cannot be read before. */
export function notACursor(text: string): OrchError {
  return new OrchError('USAGE', `Cannot read before "${text}": it is not a cursor of this agent`, {
    hint: 'Use the cursor that the page before this one named',
  })
}
