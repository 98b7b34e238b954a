import { statSync } from 'node:fs'
import { readBack, readLinesAfterPlace } from '../client/events-file.ts'
import { isSomethingAt } from '../client/files.ts'

/**
 * The events of a run lie in one file, which is added to, and an older one, which that becomes when it is long: what was told
 * before that is gone, but for the names of the transcripts.
 */
export function olderPart(events: string): string {
  return `${events}.old`
}

/** The transcripts that were named in events that are gone: lines of events, which say no more than that. */
export function namedBefore(events: string): string {
  return `${events}.named`
}

/** Whether a file of this name is a part of these events that is written to: what was opened before it was set aside still is. */
export function isPartOf(name: string, events: string): boolean {
  return name === events || name === olderPart(events)
}

/**
 * What `take` makes of the last events of a run, oldest first, as of those of one file (see `readBack`); with `size`, how long
 * the file is that is added to, in bytes.
 */
export function readEventsBack<T>(
  events: string,
  take: (lines: readonly string[], isAll: boolean, size: number) => T | null,
): T | null {
  const older = olderPart(events)
  let newer: readonly string[] = []
  let newerSize = 0
  const taken = readBack(events, (lines, isAll, size) => {
    newer = lines
    newerSize = size
    return take(lines, isAll && !isSomethingAt(older), size)
  })
  if (taken !== null) return taken
  return readBack(older, (lines, isAll) => {
    // It may have been set aside in between: then both are the same file.
    const newest = newer.at(-1)
    const isSame = newest !== undefined && lines.includes(newest)
    return take(isSame ? lines : [...lines, ...newer], isAll, newerSize)
  })
}

/** A place behind which events come. */
export interface EventPlace {
  /** Names the file, whatever it is called now; `null`: there is none yet. */
  readonly file: string | null
  /** In bytes. */
  readonly offset: number
}

/** Behind all that was told so far. */
export function endOfEvents(events: string): EventPlace {
  const stat = statSync(events, { throwIfNoEntry: false })
  return stat === undefined ? { file: null, offset: 0 } : { file: nameOf(stat), offset: stat.size }
}

/** The whole lines behind a place, or all that are known with `null`, each with the place behind it. */
export function* eventsAfter(
  events: string,
  from: EventPlace | null,
): Generator<{ readonly text: string; readonly place: EventPlace }> {
  for (const { path, file, offset } of partsAfter(events, from))
    for (const { text, end } of readLinesAfterPlace(path, offset)) yield { text, place: { file, offset: end } }
}

interface Unread extends EventPlace {
  readonly path: string
}

function partsAfter(events: string, from: EventPlace | null): Unread[] {
  const parts = [namedBefore(events), olderPart(events), events].flatMap((path): Unread[] => {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat === undefined ? [] : [{ path, file: nameOf(stat), offset: 0 }]
  })
  const at = parts.findIndex(({ file }) => file === from?.file)
  if (from === null || at < 0) return parts
  return parts.slice(at).map((part, index) => (index === 0 ? { ...part, offset: from.offset } : part))
}

/** The number of a file alone is given again to a later one. */
function nameOf({ ino, birthtimeMs }: { readonly ino: number; readonly birthtimeMs: number }): string {
  return `${ino}-${birthtimeMs}`
}
