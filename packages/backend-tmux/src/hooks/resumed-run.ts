import type { HookEvent } from './hook-event.ts'

/** A conversation that a run goes on with. */
export interface Conversation {
  /** Its id, as the program told it. */
  readonly session: string
  /** Path of what the program wrote down of it. */
  readonly transcript: string
}

/** Tells the event that orch writes from those of a program. */
const BY_ORCH = 'orch'

/**
 * The first line of the events of a resumed run: until its program tells something itself, it is known with what
 * conversation it goes on, and that no turn runs.
 */
export function resumedEvent({ session, transcript }: Conversation): string {
  const event = {
    session_id: session,
    transcript_path: transcript,
    hook_event_name: 'SessionStart',
    source: 'resume',
    by: BY_ORCH,
  }
  return `${Date.now()}-${process.pid} ${JSON.stringify(event)}\n`
}

/** Whether a program itself told of nothing yet. */
export function isSilence(events: readonly HookEvent[]): boolean {
  return events.every(isResumption)
}

/** The newest conversation that was told of; `null` before the first. */
export function conversationIn(events: readonly HookEvent[]): Conversation | null {
  const told = events.findLast(({ subagent, fields }) => subagent === null && fields.transcript_path)
  const { session_id: session, transcript_path: transcript } = told?.fields ?? {}
  return typeof session === 'string' && typeof transcript === 'string' ? { session, transcript } : null
}

function isResumption({ fields }: HookEvent): boolean {
  return fields.by === BY_ORCH
}
