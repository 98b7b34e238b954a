import type { Handle } from '../parse.ts'
import { hooksOf } from '../programs/known.ts'
import type { Transcript } from '../transcripts/read-transcript.ts'
import { decideTurn, goesOn, type TurnDecision } from './decide-turn.ts'
import { type EventPlace, endOfEvents } from './event-parts.ts'
import { type HookEvent, isMessage, isOwn, parseHookEvent } from './hook-event.ts'
import { readLaunchNote } from './hooked-launch.ts'
import { readEventLine, readNewestTurn } from './newest-turn.ts'
import { type ProgramStatus, parseProgramStatus } from './program-status.ts'
import { conversationIn, isSilence } from './resumed-run.ts'
import { asksInWindow } from './window-question.ts'
import { liveWitnesses, type StatusNote, type Witnesses } from './witnesses.ts'

/** What an agent's program told, as one look found it. */
export interface Told {
  readonly decision: TurnDecision
  /** It told of nothing yet. */
  readonly isSilent: boolean
  /** When it was given its messages, milliseconds since 1970, oldest first, as far as the look reached back. */
  readonly given: readonly number[]
}

/** Reads what the program of a hooked agent told; `null` for an agent whose program tells nothing. */
export function lookAtHooks(handle: Handle, isAlive: boolean): Told | null {
  const witnesses = liveWitnesses(handle, isAlive)
  return witnesses === null ? null : hear(handle.program ?? '', witnesses)
}

/** Whether a request of a program that runs is open still. */
export function isAsked(handle: Handle, requestId: string): boolean {
  return lookAtHooks(handle, true)?.decision.asked.some(({ id }) => id === requestId) ?? false
}

/**
 * What the witnesses of a look say, taken together. A request whose hook has ended was answered: a denied call is told of by
 * nothing else.
 */
export function hear(program: string, witnesses: Witnesses): Told {
  const events = withTranscript(program, parseEvents(witnesses.eventLines()), witnesses)
  const { asked, ...decision } = decide(program, events, witnesses)
  return {
    isSilent: isSilence(events),
    decision: { ...decision, asked: asked.filter((event) => asksInWindow(event) || witnesses.isAsking(event.id)) },
    given: events.filter(isMessage).map(({ at }) => at),
  }
}

/** The events of the newest turn, and some before. */
export function readEvents(file: string): HookEvent[] {
  return parseEvents(readNewestTurn(file))
}

/** One event of a run; `undefined` when it was never told of, or long ago. */
export function readEvent(file: string, id: string): HookEvent | undefined {
  return parseHookEvent(readEventLine(file, id) ?? '') ?? undefined
}

/** The events in these lines. */
export function parseEvents(lines: readonly string[]): HookEvent[] {
  return lines.flatMap((line) => parseHookEvent(line) ?? [])
}

/** A program goes on with a message that waits at once, however busy the machine is: later on none waits. */
const QUEUE_MS = 10_000

/**
 * What is decided, unless a message waits by what the program wrote down: a look that goes back to the newest message only does not
 * see how many were given before, and between two turns the program notes that it is idle.
 */
function decide(program: string, events: readonly HookEvent[], witnesses: Witnesses): TurnDecision {
  const now = witnesses.now()
  const decision = decideTurn(events, statusIn(witnesses.statusNotes()), now)
  const waitingIn = hooksOf(program)?.waitingIn
  const { turn } = decision
  if (waitingIn === undefined || turn.status !== 'ended' || turn.how !== 'completed') return decision
  const endedAt = Date.parse(turn.at ?? '')
  const path = now - endedAt < QUEUE_MS ? events.findLast(isOwn)?.fields.transcript_path : undefined
  if (typeof path !== 'string' || waitingIn(witnesses.transcriptLines(path)) === 0) return decision
  return goesOn(decision, endedAt)
}

/** What the process that runs notes of itself; `null` when it notes nothing. */
function statusIn(notes: readonly StatusNote[]): ProgramStatus | null {
  for (const { text, started } of notes) {
    const status = started === null ? null : parseProgramStatus(text, started)
    if (status !== null) return status
  }
  return null
}

/** Adds the end of a turn that only the transcript tells of, where the events leave one open. */
function withTranscript(program: string, events: HookEvent[], witnesses: Witnesses): HookEvent[] {
  const endsIn = hooksOf(program)?.endsInTranscript
  if (endsIn === undefined) return events
  const last = events.findLast(({ subagent }) => subagent === null)
  const path = last?.fields.transcript_path
  if (last === undefined || typeof path !== 'string') return events
  if (decideTurn(events, null).turn.status !== 'running') return events
  const lines = witnesses.transcriptLines(path)
  return [...events, ...endsIn(lines).filter(({ fields }) => fields.turn_id === last.fields.turn_id)]
}

/** The transcript that the program of a hooked agent writes now; `null` for any other agent, and before it told of one. */
export function transcriptOf({ program, events: file }: Handle): Transcript | null {
  const entriesOf = hooksOf(program ?? '')?.entriesOf
  if (file === undefined || entriesOf === undefined) return null
  const told = conversationIn(readEvents(file))
  return told === null ? null : { path: told.transcript, entriesOf }
}

/** Finds the transcript of an agent again and again: the events are read only when more were told. */
export function transcriptFinder(handle: Handle): () => Transcript | null {
  let known: EventPlace | null = null
  let found: Transcript | null = null
  return () => {
    const now = endOfEvents(handle.events ?? '')
    if (now.file !== known?.file || now.offset !== known.offset) found = transcriptOf(handle)
    known = now
    return found
  }
}

/** Whether its conversation has just begun, or was just gone on with: nothing happened in it yet, and it may not take text. */
export function isBeginning({ events: file }: Handle): boolean {
  const last = (file === undefined ? [] : readEvents(file)).findLast(isOwn)
  return last?.name === 'SessionStart'
}

/** Whether the program's conversation has begun and it takes text: it notes its status a moment after it told of the first. */
export function takesText(handle: Handle): boolean {
  const { events: file } = handle
  if (file === undefined || isSilence(readEvents(file))) return false
  if (readLaunchNote(file)?.status === null) return true
  return statusIn(liveWitnesses(handle, true)?.statusNotes() ?? []) !== null
}
