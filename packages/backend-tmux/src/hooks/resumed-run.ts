import type { WrittenConversation } from '../transcripts/run-transcripts.ts'
import type { HookEvent } from './hook-event.ts'

/** A conversation that a run goes on with. */
export interface Conversation {
  /** Its id, as the program told it. */
  readonly session: string
  /** Path of what the program wrote down of it. */
  readonly transcript: string
  readonly earlier: EarlierTranscripts
}

/** Tells the event that orch writes from those of a program. */
const BY_ORCH = 'orch'

/** What an earlier run wrote down beside the conversation that is gone on with: paths, oldest first. */
export interface EarlierTranscripts {
  /** Of conversations that it left, as after `/clear`. */
  readonly conversations: readonly string[]
  readonly subagents: readonly string[]
}

/** What is named in the events of a run. */
export interface NamedTranscripts {
  readonly conversations: readonly WrittenConversation[]
  readonly subagents: readonly string[]
}

/**
 * The first lines of the events of a resumed run: until its program tells something itself, it is known with what
 * conversation it goes on, and that no turn runs. What the agent used before stands in the earlier transcripts.
 */
export function resumedEvents({ session, transcript, earlier }: Conversation): string {
  const start = { hook_event_name: 'SessionStart', source: 'resume', session_id: session, transcript_path: transcript }
  const conversations = earlier.conversations.map((path) => ({ path, isAsked: false }))
  return `${namingEvents({ ...earlier, conversations })}${byOrch([start])}`
}

/** Lines of events that tell of these transcripts, and nothing else. */
export function namingEvents({ conversations, subagents }: NamedTranscripts): string {
  return byOrch([
    ...conversations.map(({ path, isAsked }) => ({
      hook_event_name: isAsked ? 'UserPromptSubmit' : 'SessionStart',
      transcript_path: path,
    })),
    ...subagents.map((path) => ({ hook_event_name: 'SubagentStop', agent_transcript_path: path })),
  ])
}

function byOrch(events: readonly object[]): string {
  const id = `${Date.now()}-${process.pid}`
  return events.map((event) => `${id} ${JSON.stringify({ ...event, by: BY_ORCH })}\n`).join('')
}

/** Whether a program itself told of nothing yet. */
export function isSilence(events: readonly HookEvent[]): boolean {
  return events.every(isResumption)
}

/** The newest conversation that was told of; `null` before the first. */
export function conversationIn(events: readonly HookEvent[]): Omit<Conversation, 'earlier'> | null {
  const told = events.findLast(({ subagent, fields }) => subagent === null && fields.transcript_path)
  const { session_id: session, transcript_path: transcript } = told?.fields ?? {}
  return typeof session === 'string' && typeof transcript === 'string' ? { session, transcript } : null
}

function isResumption({ fields }: HookEvent): boolean {
  return fields.by === BY_ORCH
}
