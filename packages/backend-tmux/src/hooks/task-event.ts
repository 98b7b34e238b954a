import { turnNamesIn } from './answer-in-events.ts'
import { readEventsBack } from './event-parts.ts'
import { type HookEvent, isMessage, parseHookEvent } from './hook-event.ts'
import { readTask } from './hooked-launch.ts'
import { noteMessage, noteOf, TASK } from './message-notes.ts'
import { holdsWords } from './same-text.ts'

/** What of a run is known of its task and behind it, oldest first: nobody was there to note the event that told of it. */
export function eventsFromTask(events: string): readonly HookEvent[] {
  const task = readTask(events)
  if (task === null) return []
  const lines = readEventsBack(events, (some, isAll) => (isAll ? some : null)) ?? []
  const all = lines.flatMap((line) => parseHookEvent(line) ?? [])
  const at = all.findIndex((event) => isMessage(event) && holdsWords(event.fields.prompt, task))
  return at < 0 ? [] : all.slice(at)
}

/** Notes the event that tells of the task, before it may be gone. */
export function noteTask(events: string): void {
  if (noteOf(events, TASK) !== undefined) return
  const [told] = eventsFromTask(events)
  if (told === undefined) return
  noteMessage(events, { message: TASK, event: told.id, queued: false, names: turnNamesIn(told.fields) })
}
