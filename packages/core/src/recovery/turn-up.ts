import type { AgentRecord } from '../registry/record.ts'
import { TIMING } from '../timing.ts'

/** How often an agent that may still turn up is looked for, in milliseconds. */
export const LOOK_AGAIN_MS = 250

/**
 * How long, in milliseconds, an agent that was not found may still turn up: what the process that spawned it asked for
 * was in flight when that process died, at the latest just now or when its spawn was found to have failed.
 */
export function turnsUpWithinMs({ endedAt }: AgentRecord): number {
  const elapsedMs = endedAt === null ? 0 : Math.abs(Date.now() - Date.parse(endedAt))
  return Math.max(0, TIMING.inFlightMs - elapsedMs)
}
