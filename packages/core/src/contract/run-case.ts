import { TIMING, withDeadline } from '../timing.ts'
import type { ContractCase } from './case.ts'
import { ContractFailure, caseFailure, settle } from './check.ts'
import { createContext, type TrackedContext } from './context.ts'
import type { World } from './world.ts'

/** Where a case stopped: in the case itself, or because it left something behind. */
export type CaseOutcome =
  | { readonly passed: true }
  | { readonly passed: false; readonly during: 'case' | 'cleanup'; readonly error: Error }

/**
 * Runs one case in a fresh world, stops what it made, and looks for what is left. Never rejects; the error of a failed
 * case carries the reason the case exists for.
 */
export async function runCase(
  contractCase: ContractCase,
  setup: () => Promise<World>,
  patienceMs: number,
): Promise<CaseOutcome> {
  const world = await setup()
  const controller = new AbortController()
  const tracked = createContext(world, controller.signal, patienceMs)
  try {
    const ran = await settle(contractCase.run(tracked.context))
    controller.abort(new ContractFailure('the case is over'))
    if ('error' in ran) return failure('case', contractCase, ran.error)
    const cleaned = await settle(cleanUp(world, tracked))
    return 'error' in cleaned ? failure('cleanup', contractCase, cleaned.error) : { passed: true }
  } finally {
    for (const client of [...tracked.opened, world.backend]) await settle(client.close())
    await world.dispose()
  }
}

async function cleanUp(world: World, tracked: TrackedContext): Promise<void> {
  for (const agent of tracked.made) {
    const stopped = await settle(
      withDeadline(TIMING.stopTimeoutMs, undefined, (signal) => world.backend.stop(agent, signal)),
    )
    if ('error' in stopped && !tracked.serverKilled()) throw stopped.error
  }
  const left = await world.leftovers()
  if (left.length > 0) throw new ContractFailure(`left behind after every agent was stopped:\n  ${left.join('\n  ')}`)
}

function failure(during: 'case' | 'cleanup', contractCase: ContractCase, cause: unknown): CaseOutcome {
  return { passed: false, during, error: caseFailure(contractCase, cause) }
}
