import type { AgentRef, JsonObject, JsonValue, Turn } from '@orch/core'
import type { SessionAddress } from './client/api.ts'
import { fields } from './raw.ts'

/** How this backend finds an agent again, and what it sends with each of its prompts. */
export interface Handle extends SessionAddress {
  /** `provider/model`; `null` as the server is configured. */
  readonly model: string | null
  /** Agent definition; `null` as the server is configured. */
  readonly mode: string | null
}

/** What is known of an agent's newest turn for as long as its session does not change. */
export interface Facts {
  /** The session's `time.updated`, milliseconds since 1970. */
  readonly updatedAt: number
  readonly turn: Turn
  /** What the server showed then, to go on after "session … ". */
  readonly evidence: string
}

/** The handle in a record; `null` when its spawn never recorded one. */
export function parseHandle(value: JsonValue): Handle | null {
  const { sessionId, directory, model, mode } = fields(value)
  if (typeof sessionId !== 'string' || typeof directory !== 'string') return null
  return {
    sessionId,
    directory,
    model: typeof model === 'string' ? model : null,
    mode: typeof mode === 'string' ? mode : null,
  }
}

/** A handle as it is recorded. */
export function handleJson({ sessionId, directory, model, mode }: Handle): JsonObject {
  return { sessionId, directory, model, mode }
}

/** The facts core kept; `null` when there are none. */
export function parseFacts({ facts }: AgentRef): Facts | null {
  const { updatedAt, turn, evidence } = fields(facts)
  if (typeof updatedAt !== 'number' || fields(turn).status === undefined) return null
  return { updatedAt, turn: turn as Turn, evidence: typeof evidence === 'string' ? evidence : 'runs no turn' }
}

/** Facts as core keeps them. */
export function factsJson({ updatedAt, turn, evidence }: Facts): JsonObject {
  return { updatedAt, turn: { ...turn } as JsonObject, evidence }
}
