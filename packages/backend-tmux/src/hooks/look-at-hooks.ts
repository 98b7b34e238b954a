import { readLastWholeLines, readSmallFile } from '../client/events-file.ts'
import { isSomethingAt } from '../client/files.ts'
import { childrenOf, processStat } from '../client/processes.ts'
import type { Handle } from '../parse.ts'
import { hooksOf } from '../programs/known.ts'
import type { Transcript } from '../transcripts/read-transcript.ts'
import { decideTurn, type TurnDecision } from './decide-turn.ts'
import { type HookEvent, parseHookEvent } from './hook-event.ts'
import { answerPipe, readLaunchNote } from './hooked-launch.ts'
import { type ProgramStatus, parseProgramStatus } from './program-status.ts'

/** What an agent's program told, as one look found it. */
export interface Told {
  readonly decision: TurnDecision
  /** It told of nothing yet. */
  readonly isSilent: boolean
  /** When it was given its messages, milliseconds since 1970, oldest first, as far as the look reached back. */
  readonly given: readonly number[]
}

/** An event behind which nothing before it counts. */
const BEGINNINGS = /^\d+-\d+ .*"hook_event_name":\s*"(UserPromptSubmit|SessionStart)"/

/**
 * Reads what the program of a hooked agent told; `null` for an agent whose program tells nothing. A request whose hook has ended was answered: a denied call is told of by nothing else.
 */
export function lookAtHooks(handle: Handle, isAlive: boolean): Told | null {
  const { events: file } = handle
  if (file === undefined) return null
  const events = withTranscript(handle, readEvents(file))
  const { asked, ...decision } = decideTurn(events, isAlive ? readStatus(file, handle.panePid) : null)
  return {
    isSilent: events.length === 0,
    decision: { ...decision, asked: asked.filter(({ id }) => isSomethingAt(answerPipe(file, id))) },
    given: events.filter(isMessage).map(({ at }) => at),
  }
}

/** The events since the newest turn began, and some before. */
export function readEvents(file: string): HookEvent[] {
  const lines = readLastWholeLines(file, (some) => some.filter((line) => BEGINNINGS.test(line)).length > 1)
  return parseEvents(lines ?? [])
}

/** The events in these lines. */
export function parseEvents(lines: readonly string[]): HookEvent[] {
  return lines.flatMap((line) => parseHookEvent(line) ?? [])
}

/** Whether an event says that the agent was given a message. */
export function isMessage({ name, subagent }: HookEvent): boolean {
  return name === 'UserPromptSubmit' && subagent === null
}

/** How much of a transcript is looked at for the end of a turn. */
const TRANSCRIPT_LINES = 20

/** Adds the end of a turn that only the transcript tells of, where the events leave one open. */
function withTranscript({ program }: Handle, events: HookEvent[]): HookEvent[] {
  const endsIn = hooksOf(program ?? '')?.endsInTranscript
  const last = events.findLast(({ subagent }) => subagent === null)
  const path = last?.fields.transcript_path
  if (endsIn === undefined || last === undefined || typeof path !== 'string') return events
  if (decideTurn(events, null).turn.status !== 'running') return events
  const lines = readLastWholeLines(path, (some) => some.length >= TRANSCRIPT_LINES) ?? []
  return [...events, ...endsIn(lines).filter(({ fields }) => fields.turn_id === last.fields.turn_id)]
}

/** The transcript that the program of a hooked agent writes now; `null` for any other agent, and before it told of one. */
export function transcriptOf({ program, events: file }: Handle): Transcript | null {
  const entriesOf = hooksOf(program ?? '')?.entriesOf
  if (file === undefined || entriesOf === undefined) return null
  const told = readEvents(file).findLast(({ subagent, fields }) => subagent === null && fields.transcript_path)
  const path = told?.fields.transcript_path
  return typeof path === 'string' ? { path, entriesOf } : null
}

/** Whether the program's conversation has begun and it takes text: it notes its status a moment after it told of the first. */
export function takesText({ events: file, panePid }: Handle): boolean {
  if (file === undefined || readEvents(file).length === 0) return false
  return readLaunchNote(file)?.status === null || readStatus(file, panePid) !== null
}

/** What the program that the pane's process runs notes of itself; `null` when that cannot be seen. */
function readStatus(file: string, panePid: number): ProgramStatus | null {
  const directory = readLaunchNote(file)?.status ?? null
  if (directory === null) return null
  for (const pid of childrenOf(panePid)) {
    const text = readSmallFile(`${directory}/${pid}.json`)
    const stat = text === null ? null : processStat(pid)
    const status = text === null || stat === null ? null : parseProgramStatus(text, stat.started)
    if (status !== null) return status
  }
  return null
}
