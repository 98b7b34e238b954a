import { createHash } from 'node:crypto'
import type { Item, ReadQuery, ReadResult } from '@orch/core'
import { sizeOf } from '../client/events-file.ts'
import { notACursor, readTranscriptPage, type Transcript } from './read-transcript.ts'

/** A page of all conversations of a run, one after the other: a person may have begun a new one. */
export function readConversations(all: readonly Transcript[], query: ReadQuery): ReadResult {
  const cursor = query.before === null ? null : parseCursor(query.before)
  let index = cursor === null ? all.length - 1 : all.findIndex(({ path }) => tagOf(path) === cursor.tag)
  if (cursor !== null && index < 0) throw notACursor(query.before ?? '')
  let before = cursor?.place ?? null
  let items: readonly Item[] = []
  for (; index >= 0; index -= 1) {
    const transcript = all[index] as Transcript
    const page = readTranscriptPage(transcript, { ...query, last: query.last - items.length, before })
    items = [...page.items, ...items]
    if (page.before !== null) return { items, before: cursorAt(transcript, page.before), gap: null }
    const earlier = all[index - 1]
    before = earlier === undefined ? null : `${sizeOf(earlier.path)}.0`
    if (items.length >= query.last)
      return { items, before: before && cursorAt(earlier as Transcript, before), gap: null }
  }
  return { items, before: null, gap: null }
}

function cursorAt({ path }: Transcript, place: string): string {
  return `${tagOf(path)}-${place}`
}

function parseCursor(text: string): { readonly tag: string; readonly place: string } {
  const match = /^([0-9a-f]{12})-(\d{1,15}\.\d{1,6})$/.exec(text)
  if (match === null) throw notACursor(text)
  return { tag: match[1] as string, place: match[2] as string }
}

/** Tells a transcript from the others of its run, also once more are there. */
function tagOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12)
}
