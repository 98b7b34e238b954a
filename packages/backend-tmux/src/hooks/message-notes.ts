import { appendFileSync } from 'node:fs'
import type { JsonObject } from '@orch/core'
import { readSmallFile } from '../client/events-file.ts'

/** Which event told of which message. */
export interface MessageNote {
  /** Core's id of the message. */
  readonly message: string
  /** Id of the event. */
  readonly event: string
  /** A turn ran when it came. */
  readonly queued: boolean
  /** What the event says that names its turn, before the end of which it may be gone; left out in a note from before that was noted. */
  readonly names?: JsonObject
}

/** Instead of an id, in the note of the task. */
export const TASK = 'task'

/** Notes it beside the events of the run, by one write. A note that is lost loses the answer to that message, no more. */
export function noteMessage(events: string, note: MessageNote): void {
  try {
    appendFileSync(notesFile(events), `${JSON.stringify(note)}\n`, { mode: 0o600 })
  } catch {
    // The message has arrived all the same.
  }
}

/** The note of a message; `undefined` when there is none. */
export function noteOf(events: string, message: string): MessageNote | undefined {
  const lines = (readSmallFile(notesFile(events)) ?? '').split('\n')
  return lines.flatMap(parseNote).find((note) => note.message === message)
}

function parseNote(line: string): MessageNote[] {
  try {
    return [JSON.parse(line) as MessageNote]
  } catch {
    return []
  }
}

function notesFile(events: string): string {
  return `${events}.messages`
}
