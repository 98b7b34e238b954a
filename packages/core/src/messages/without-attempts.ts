import type { Reason } from '../agent.ts'
import type { AgentRecord, RecordChange } from '../registry/record.ts'
import { latest } from '../state/cut-off.ts'

/**
 * What changes in a record when it is known what became of some messages that were sent. Pure.
 * @param failure why they were not delivered: one that had waited for its agent to be idle is kept, and says so
 */
export function withoutAttempts(
  { attempts, queue = [], messagedAt }: AgentRecord,
  ids: readonly string[],
  failure: Reason | null = null,
): RecordChange {
  const given = failure === null ? attempts.filter(({ id }) => ids.includes(id)).map(({ at }) => at) : []
  const newest = latest(messagedAt === undefined ? given : [...given, messagedAt])
  const settled = {
    attempts: attempts.filter(({ id }) => !ids.includes(id)),
    ...(newest !== null && { messagedAt: newest }),
  }
  if (!queue.some(({ id }) => ids.includes(id))) return settled
  if (failure === null) return { ...settled, queue: queue.filter(({ id }) => !ids.includes(id)) }
  return { ...settled, queue: queue.map((one) => (ids.includes(one.id) ? { ...one, failure } : one)) }
}
