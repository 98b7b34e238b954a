import type { Reason } from '../agent.ts'
import { type Observation, SERVER_ENDED, type Turn } from '../backend.ts'
import type { AgentRecord } from '../registry/record.ts'
import type { Report } from '../workspace/report.ts'

const NOT_SEEN_TO_END: Reason = {
  code: SERVER_ENDED,
  text: 'The server ended before its last message was seen to be answered',
}

/** Whether a phase says that the task is done: "Complete", exactly, in any case. */
export function isComplete(phase: string | undefined): boolean {
  return phase?.toLowerCase() === 'complete'
}

/**
 * The newest turn, `null` when it was not seen. What is known of an agent whose server does not run may be older than the
 * newest message: the turn of that one ended with the server, as far as anybody knows. Pure.
 */
export function newestTurn(record: AgentRecord, observation: Observation | null): Turn | null {
  if (!observation?.turn.known) return null
  const { value } = observation.turn
  if (observation.asleep !== true || value.status !== 'ended' || value.at === null) return value
  const messagedAt = lastMessageAt(record)
  if (messagedAt === null || Date.parse(value.at) >= Date.parse(messagedAt)) return value
  return { status: 'ended', how: 'interrupted', at: null, reason: NOT_SEEN_TO_END }
}

/**
 * When the message was sent that the agent's report of Complete says nothing of: it came after the report, and its turn
 * was cut off. `null`: there is none. A turn that is not shown was not seen to be cut off, unless its server is over. Pure.
 */
export function cutOffAfterComplete(
  record: AgentRecord,
  observation: Observation | null,
  { phase }: Report,
): string | null {
  if (phase === null || phase.at === null || !isComplete(phase.name)) return null
  const messagedAt = lastMessageAt(record)
  if (messagedAt === null || Date.parse(messagedAt) <= Date.parse(phase.at)) return null
  const turn = newestTurn(record, observation)
  const end = turn?.status === 'ended' ? turn : null
  const isLost = observation?.existence.known === true && observation.existence.value === 'lost'
  const isAnswered = end?.how === 'completed' && Date.parse(end.at ?? '') >= Date.parse(messagedAt)
  return end?.how === 'interrupted' || (isLost && !isAnswered) ? messagedAt : null
}

/** When the newest message was handed over, those among them that may not have arrived; `null`: none but its task. */
function lastMessageAt({ messagedAt, attempts }: AgentRecord): string | null {
  const times = attempts.map(({ at }) => at)
  return latest(messagedAt === undefined ? times : [...times, messagedAt])
}

/** The latest of some times, ISO 8601; `null` of none. */
export function latest(times: readonly string[]): string | null {
  return times.toSorted((one, other) => Date.parse(one) - Date.parse(other)).at(-1) ?? null
}
