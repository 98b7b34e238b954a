import type { AgentRef, Capability, PlannedAgent } from '@orch/core'
import type { Context } from './context.ts'
import { readLaunchNote } from './hooks/hooked-launch.ts'
import { parseHandle } from './parse.ts'
import { chooseProgram } from './programs/choose-program.ts'
import { hooksOf } from './programs/known.ts'

/**
 * What any agent in tmux can do beyond the required part: run a program of the user's choice, and be looked at.
 * A bare program shows neither its turns nor its requests, and Ctrl-C proves nothing about a turn.
 */
const BARE: readonly Capability[] = ['programs', 'attach', 'screen', 'adopt']

/** What this agent can do; `null`: one that is yet to be made, of which the program is not known. */
export function capabilitiesOf(agent: AgentRef | null): readonly Capability[] {
  const handle = agent === null ? null : parseHandle(agent.handle)
  if (handle?.program === undefined) return BARE
  // A module is not loaded yet where only this is asked.
  const own = hooksOf(handle.program)?.capabilities ?? readLaunchNote(handle.events ?? '')?.capabilities
  return own === undefined ? BARE : [...BARE, ...own]
}

/** `Backend.capabilitiesFor`: the program is chosen as `create` would. */
export async function capabilitiesFor(
  { host }: Context,
  plan: PlannedAgent,
  signal: AbortSignal,
): Promise<readonly Capability[]> {
  signal.throwIfAborted()
  const { spec, hooks } = await chooseProgram(plan, host.env)
  const own = hooks?.capabilities ?? []
  return [...BARE, ...(spec.promptBy === 'none' ? own.filter((capability) => capability !== 'answers') : own)]
}
