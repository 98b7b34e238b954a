import { OrchError } from '@orch/core'
import type { Stopped } from './io.ts'

/**
 * The error of a command that a signal ended before it had an answer.
 * @param begun the agents that it began to make
 */
export function interrupted(verb: string, { message, exitCode }: Stopped, begun: readonly string[]): OrchError {
  const [id, ...more] = begun
  const hint =
    id === undefined
      ? 'See how things stand with "orch status", then run it again'
      : `See what became of ${more.length === 0 ? `"${id}" with "orch check ${id}"` : `the ${begun.length} agents that it began with "orch status"`}`
  return new OrchError(
    exitCode === 143 ? 'TERMINATED' : 'INTERRUPTED',
    `Cannot finish "orch ${verb}": it was ${message}`,
    { hint, agent: more.length === 0 ? id : undefined, outcome: 'unknown' },
  )
}
