import type { Reason } from '../agent.ts'
import { ownerElsewhere, ownerLiveness, type ProcessOwner } from '../process-owner.ts'
import type { AgentRecord } from '../registry/record.ts'

/** Who spawns or resumes an agent, where that is in another container or on another machine: never taken for gone. */
export function unseenOwner({ lifecycle, owner, resuming }: AgentRecord): ProcessOwner | null {
  const one = resuming?.owner ?? (lifecycle === 'spawning' ? owner : null)
  return one !== null && ownerLiveness(one) === 'unknown' ? one : null
}

/** The reason why an agent starts, with who is at it where nobody here can see whether that one still is. */
export function withUnseenOwner(reason: Reason, record: AgentRecord): Reason {
  if (reason.code !== 'SPAWNING' && reason.code !== 'RESUMING') return reason
  const owner = unseenOwner(record)
  if (owner === null) return reason
  return { ...reason, text: `${reason.text} by ${ownerElsewhere(owner)}, which cannot be seen from here` }
}
