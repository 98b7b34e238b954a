import { ContractFailure, caseFailure, settle } from '../check.ts'
import type { RegistryCase } from './case.ts'
import { createRegistryContext } from './context.ts'
import type { RegistryWorld } from './world.ts'

/** Whether a case passed; the error of a failed one carries the reason the case exists for. */
export type RegistryCaseOutcome = { readonly passed: true } | { readonly passed: false; readonly error: Error }

/** Runs one case in a fresh world. Never rejects but for a world that cannot be set up or disposed. */
export async function runRegistryCase(
  entry: RegistryCase,
  setup: () => Promise<RegistryWorld>,
  patienceMs: number,
): Promise<RegistryCaseOutcome> {
  const world = await setup()
  const controller = new AbortController()
  try {
    const ran = await settle(entry.run(createRegistryContext(world, controller.signal, patienceMs)))
    return 'error' in ran ? { passed: false, error: caseFailure(entry, ran.error) } : { passed: true }
  } finally {
    controller.abort(new ContractFailure('the case is over'))
    await world.dispose()
  }
}
