import { type Dependency, STATES, type State } from '../agent.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { AfterOption, SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { resolveAgent } from '../orchestrator/resolve-agent.ts'
import { reread } from '../orchestrator/update-record.ts'
import { isUnmade } from '../recovery/settle-spawn.ts'
import type { StartPlan } from '../registry/record.ts'
import { holderOf } from '../spawn/claim-agent.ts'

/** A queue is read at every look. */
const MOST_PLACES = 10_000

/** States that nobody starts after: they say only that nothing is known, or nothing was done yet. */
const NO_END: readonly State[] = ['unknown', 'queued']

/**
 * When a new agent is started: `null` for at once, which needs no place and comes after nobody.
 * @throws OrchError `USAGE`, `AGENT_NOT_FOUND`, `AGENT_AMBIGUOUS`, `DEPENDENCY_FAILED` when one that it comes after has
 * ended otherwise for good
 */
export async function planStart(orch: Orch, options: SpawnOptions): Promise<StartPlan | null> {
  const places = options.maxParallel ?? orch.config.maxParallel ?? 0
  if (!Number.isInteger(places) || places < 0 || places > MOST_PLACES) {
    throw new OrchError('USAGE', `Cannot start at most ${places} agents at once: that is no number of places`, {
      hint: `Give a whole number up to ${MOST_PLACES}; 0 is without a limit`,
    })
  }
  const after: Dependency[] = []
  for (const one of options.after ?? [])
    after.push(await dependencyOn(orch, one).catch((error: unknown) => keepIfHeld(orch, { options, one, error })))
  if (places === 0 && after.length === 0) return null
  return { maxParallel: places === 0 ? null : places, after, index: 0, triedAt: null }
}

/** Who asks again for an agent that was made, or is queued, by its key gets that one, whatever became of what it came after. */
async function keepIfHeld(
  orch: Orch,
  { options, one, error }: { readonly options: SpawnOptions; readonly one: AfterOption; readonly error: unknown },
): Promise<Dependency> {
  const isEnded = isOrchError(error) && (error.code === 'DEPENDENCY_FAILED' || error.code === 'AGENT_NOT_FOUND')
  const held = isEnded && options.key !== undefined ? await holderOf(orch, options.key) : null
  if (held === null || isUnmade(held)) throw error
  return { agent: one.agent, state: one.state ?? 'done' }
}

async function dependencyOn(orch: Orch, { agent: given, state = 'done' }: AfterOption): Promise<Dependency> {
  assertEnd(given, state)
  const agent = await resolveAgent(orch, given)
  const { record, closed } = await reread(orch, agent)
  if (closed && !isEndedAs(record.lifecycle, state)) {
    throw new OrchError('DEPENDENCY_FAILED', `Cannot start after "${agent}" is ${state}: it was ${record.lifecycle}`, {
      hint: `Leave it out, or name another state, such as "${agent}:exited"`,
      agent,
    })
  }
  return { agent, state }
}

/** @throws OrchError `USAGE` for a state that nobody starts after */
export function assertEnd(agent: string, state: State): void {
  if (STATES.includes(state) && !NO_END.includes(state)) return
  throw new OrchError('USAGE', `Cannot start after "${agent}" is ${JSON.stringify(state)}: nobody waits for that`, {
    hint: `Use one of ${STATES.filter((one) => !NO_END.includes(one)).join(', ')}`,
  })
}

/** The state that a closed record shows for good. */
function isEndedAs(lifecycle: string, state: State): boolean {
  if (lifecycle === 'completed') return state === 'done' || state === 'idle'
  return state === (lifecycle === 'failed' ? 'failed' : 'exited')
}
