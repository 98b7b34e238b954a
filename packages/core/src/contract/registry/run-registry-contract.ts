import { declareCases } from '../declare-cases.ts'
import type { RegistryCase } from './case.ts'
import { REGISTRY_CASES } from './cases.ts'
import { runRegistryCase } from './run-registry-case.ts'
import type { RegistryContractOptions } from './world.ts'

const PATIENCE_MS = 20_000

/**
 * Declares one test for each case of the registry contract; those about spoiled records only for the damages that the
 * store lists. Known gaps are run too and must fail.
 */
export function runRegistryContract(options: RegistryContractOptions): void {
  const variant = options.variant === undefined ? '' : ` (${options.variant})`
  const damages = options.damages ?? []
  const selected = REGISTRY_CASES.filter(({ requires }) => requires.every((damage) => damages.includes(damage)))
  const title = `${options.name} registry contract${variant}: ${selected.length} of ${REGISTRY_CASES.length} cases`
  const run = (entry: RegistryCase) => runRegistryCase(entry, options.setup, options.patienceMs ?? PATIENCE_MS)
  options.runner.describe(title, () => declareCases(options, selected, run))
}
