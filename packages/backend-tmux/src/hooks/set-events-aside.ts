import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { RunTranscripts } from '../transcripts/run-transcripts.ts'
import { namedBefore, olderPart } from './event-parts.ts'
import { namingEvents } from './resumed-run.ts'
import { noteTask } from './task-event.ts'

/** How long the file of events that is added to may become, in bytes, before it is set aside. */
export const PART_BYTES = 2_097_152

/** After so many milliseconds nobody sets anything aside any more: whoever began died. */
const ABANDONED_MS = 60_000

/**
 * Sets the file of events aside when it is long, in the place of the one that was before. Whoever looks at the agent does so:
 * hooks only add. What goes wrong leaves it to the next look.
 */
export function setLongEventsAside(events: string, most: number = PART_BYTES): void {
  try {
    alone(`${events}.moving`, () => {
      if (sizeOf(events) > most) setAside(events)
    })
  } catch {
    // It stays as long as it is.
  }
}

function setAside(events: string): void {
  noteTask(events)
  const run = new RunTranscripts(events)
  const names = namingEvents({ conversations: run.conversations(), subagents: run.subagents() })
  const draft = `${namedBefore(events)}.new`
  writeFileSync(draft, names, { mode: 0o600 })
  renameSync(draft, namedBefore(events))
  renameSync(events, olderPart(events))
}

/** Does it unless somebody does it just now. */
function alone(lock: string, work: () => void): void {
  if (!take(lock)) return
  try {
    work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600))
    return true
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
    if (Date.now() - since > ABANDONED_MS) rmSync(lock, { force: true })
    return false
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
