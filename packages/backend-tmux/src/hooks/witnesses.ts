import { readLastWholeLines, readSmallFile } from '../client/events-file.ts'
import { isSomethingAt, namesIn } from '../client/files.ts'
import { childrenOf, processStat } from '../client/processes.ts'
import type { Handle } from '../parse.ts'
import { answerPipe, readLaunchNote } from './hooked-launch.ts'
import { readNewestTurn } from './newest-turn.ts'
import { parseProgramStatus } from './program-status.ts'

/** What a process noted of itself, and when the process that has its pid now started, in clock ticks; `null`: none has. */
export interface StatusNote {
  readonly pid: number
  readonly text: string
  readonly started: number | null
}

/** Who can be asked about a program that tells what happens to it. What is made of the answers is made by `hear`. */
export interface Witnesses {
  /** The moment of the look, milliseconds since 1970. */
  now(): number
  /** The lines of its events since the newest turn began, and some before. */
  eventLines(): readonly string[]
  /** The last lines of the transcript at this path. */
  transcriptLines(path: string): readonly string[]
  /** What its process notes of itself; none of a process that has ended. */
  statusNotes(): readonly StatusNote[]
  /** Whether the hook of this request still waits for an answer. */
  isAsking(request: string): boolean
}

/** All answers of one look: with them the same is decided again, anywhere. */
export interface Testimony {
  readonly now: number
  readonly eventLines: readonly string[]
  /** `null`: nobody needed it. */
  readonly transcriptLines: readonly string[] | null
  readonly statusNotes: readonly StatusNote[]
  /** The requests whose hook still waits. */
  readonly asking: readonly string[]
}

/** How much of a transcript is looked at for the end of a turn. */
const TRANSCRIPT_LINES = 20

/**
 * The files and processes of a hooked agent; `null` for any other agent.
 * @param closely also what processes that are gone noted of its conversation, which decides nothing
 */
export function liveWitnesses({ events: file, panePid }: Handle, isAlive: boolean, closely = false): Witnesses | null {
  if (file === undefined) return null
  return {
    now: Date.now,
    eventLines: () => readNewestTurn(file),
    transcriptLines: (path) => readLastWholeLines(path, (some) => some.length >= TRANSCRIPT_LINES) ?? [],
    statusNotes: () => [...(isAlive ? statusNotesOf(file, panePid) : []), ...(closely ? staleNotesOf(file) : [])],
    isAsking: (request) => isSomethingAt(answerPipe(file, request)),
  }
}

/** What the program that the pane's process runs notes of itself. */
function statusNotesOf(file: string, panePid: number): StatusNote[] {
  const directory = readLaunchNote(file)?.status ?? null
  if (directory === null) return []
  return childrenOf(panePid).flatMap((pid) => noteOf(directory, pid) ?? [])
}

/** What processes that are gone noted of the conversations of a run. */
function staleNotesOf(file: string): StatusNote[] {
  const { status: directory = null, session = '' } = readLaunchNote(file) ?? {}
  if (directory === null) return []
  const told = readNewestTurn(file).flatMap((line) => /"session_id":\s*"([\w-]+)"/.exec(line)?.[1] ?? [])
  const sessions = [...new Set([session, ...told])]
  return namesIn(directory).flatMap((name) => {
    const note = /^\d+\.json$/.test(name) ? noteOf(directory, Number.parseInt(name, 10)) : null
    const isStale = note !== null && parseProgramStatus(note.text, note.started ?? -1) === null
    return isStale && sessions.some((id) => note.text.includes(`"${id}"`)) ? [note] : []
  })
}

function noteOf(directory: string, pid: number): StatusNote | null {
  const text = readSmallFile(`${directory}/${pid}.json`)
  return text === null ? null : { pid, text, started: processStat(pid)?.started ?? null }
}

/** Asks each thing once, and keeps what was answered. */
export function keepTestimony(witnesses: Witnesses): { readonly witnesses: Witnesses; taken(): Testimony } {
  const now = witnesses.now()
  const eventLines = witnesses.eventLines()
  const statusNotes = witnesses.statusNotes()
  let transcript: readonly string[] | null = null
  const asked = new Map<string, boolean>()
  return {
    witnesses: {
      now: () => now,
      eventLines: () => eventLines,
      statusNotes: () => statusNotes,
      transcriptLines(path) {
        transcript ??= witnesses.transcriptLines(path)
        return transcript
      },
      isAsking(request) {
        const known = asked.get(request) ?? witnesses.isAsking(request)
        asked.set(request, known)
        return known
      },
    },
    taken: () => ({
      ...{ now, eventLines, statusNotes },
      transcriptLines: transcript,
      asking: [...asked].flatMap(([request, isOpen]) => (isOpen ? [request] : [])),
    }),
  }
}

/** The answers of an earlier look. */
export function recordedWitnesses({ asking, ...taken }: Testimony): Witnesses {
  return {
    now: () => taken.now,
    eventLines: () => taken.eventLines,
    transcriptLines: () => taken.transcriptLines ?? [],
    statusNotes: () => taken.statusNotes,
    isAsking: (request) => asking.includes(request),
  }
}
