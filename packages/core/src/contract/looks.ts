import type { AgentRef, Observation } from '../backend.ts'
import type { CaseContext } from './case.ts'
import { ContractFailure } from './check.ts'

/** The ids that `find` shows at the world's target. */
export async function foundIds(t: CaseContext): Promise<string[]> {
  return (await t.backend.find([t.backend.target], t.signal)).map(({ id }) => id)
}

/** The agent's existence, or why it is not known, as one word. */
export async function existenceOf(t: CaseContext, agent: AgentRef): Promise<string> {
  return wordOf(await t.observe(agent))
}

/** The existence in an observation, or `unknown`. */
export function wordOf(seen: Observation): string {
  return seen.existence.known ? seen.existence.value : 'unknown'
}

/** How often the program received exactly `text`. */
export async function countReceived(t: CaseContext, agent: AgentRef, text: string): Promise<number> {
  return (await t.world.received(agent)).filter((received) => received === text).length
}

/** A method that its capability promises. */
export function present<T>(method: T | undefined, name: string): T {
  if (method === undefined) throw new ContractFailure(`the capability is answered, so the backend has ${name}`)
  return method
}
