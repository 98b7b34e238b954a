import { type Agent, STATES } from '@orch/core'

/** States of agents from which nothing more comes by itself. */
const AT_REST = ['done', 'idle', 'failed', 'lost', 'exited'] as const

/** How far agents that somebody waits for have come, in one line. */
export function progressOf(agents: readonly Agent[]): string {
  const [only] = agents
  if (only !== undefined && agents.length === 1) return `${only.id} is ${only.state}: ${only.reason.text}`
  const count = (state: string): number => agents.filter((agent) => agent.state === state).length
  const rest = AT_REST.reduce((sum, state) => sum + count(state), 0)
  const counts = STATES.flatMap((state) => (count(state) === 0 ? [] : [`${count(state)} ${state}`]))
  return `${rest} of ${agents.length} came to rest: ${counts.join(', ')}`
}
