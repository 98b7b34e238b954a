import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Capability } from '../agent.ts'
import type { BackendFactory } from '../backend.ts'
import type { ContractCase } from './case.ts'
import { BACKEND_CASES } from './cases.ts'
import { declareCases, declareMissing } from './declare-cases.ts'
import { runCase } from './run-case.ts'
import type { ContractOptions } from './world.ts'

const PATIENCE_MS = 20_000

/**
 * Declares one test for each case that the backend's own capabilities select. Known gaps are run too and must fail.
 * On a machine where the backend cannot run, says so and skips, unless `ORCH_REQUIRE_BACKENDS` names it.
 */
export function runBackendContract(options: ContractOptions): void {
  const { describe } = options.runner
  const variant = options.variant === undefined ? '' : ` (${options.variant})`
  const title = `${options.name} backend contract${variant}`
  const missing = options.missing?.() ?? null
  if (missing !== null) {
    describe(title, () => declareMissing(options, `the ${options.name} backend cannot run here: ${missing}`))
    return
  }
  const capabilities = selectingCapabilities(options.factory)
  const selected = BACKEND_CASES.filter((entry) => isSelected(entry, capabilities))
  describe(`${title}: ${selected.length} of ${BACKEND_CASES.length} cases`, () => {
    const run = (entry: ContractCase) => runCase(entry, options.setup, options.patienceMs ?? PATIENCE_MS)
    declareCases(options, selected, run)
  })
}

/** Whether a backend with these capabilities must pass the case. */
export function isSelected(entry: ContractCase, capabilities: readonly Capability[]): boolean {
  return entry.requires.every((capability) => capabilities.includes(capability))
}

function selectingCapabilities(factory: BackendFactory): readonly Capability[] {
  const stateDirectory = join(tmpdir(), 'orch-contract-unused')
  const host = { name: 'contract', stateDirectory, namespace: 'contract0000', env: process.env }
  return factory(host).capabilitiesOf(null)
}
