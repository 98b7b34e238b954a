import { endsTurn } from './decide-turn.ts'
import { readEventsBack } from './event-parts.ts'
import { type HookEvent, isMessage, isOwn, nameIn, parseHookEvent } from './hook-event.ts'
import { PART_BYTES, setLongEventsAside } from './set-events-aside.ts'

/** The lines of the newest turn of a run, and before it those that decide whether another one ran when it began. */
export function readNewestTurn(file: string): readonly string[] {
  let size = 0
  const lines = readEventsBack(file, (some, isAll, bytes) => {
    size = bytes
    return newestTurn(some, isAll)
  })
  if (size > PART_BYTES) setLongEventsAside(file)
  return lines ?? []
}

/** Read from the end: only events at which a turn may begin, and those before them, are taken apart. */
function newestTurn(lines: readonly string[], isAll: boolean): readonly string[] | null {
  let messages = 0
  let isBeforeMessage = false
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index] as string
    if (!isBeforeMessage && !BEGINNINGS.test(nameIn(line) ?? '')) continue
    const event = parseHookEvent(line)
    if (event === null || !isOwn(event)) continue
    if (isMessage(event)) messages += 1
    const decides = isBeforeMessage || event.name === 'SessionStart'
    if (messages > 1 || (decides && leavesAtRest(event))) return lines.slice(index)
    isBeforeMessage = isMessage(event)
  }
  return isAll ? lines : null
}

const BEGINNINGS = /^(UserPromptSubmit|SessionStart)$/

/** Whether no turn runs behind an event, whatever was told before it. */
function leavesAtRest(event: HookEvent): boolean {
  if (event.name === 'SessionStart') return event.fields.source !== 'compact'
  return /^(Interrupt|SessionEnd)$/.test(event.name) || endsTurn(event)
}

/** The line of one event; `null` when it was never told of, or long ago. */
export function readEventLine(file: string, id: string): string | null {
  return readEventsBack(file, (lines) => lines.find((line) => line.startsWith(`${id} `)) ?? null)
}
