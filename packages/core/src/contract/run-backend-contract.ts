import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Capability } from '../agent.ts'
import type { BackendFactory } from '../backend.ts'
import type { ContractCase } from './case.ts'
import { BACKEND_CASES } from './cases.ts'
import { ContractFailure } from './check.ts'
import { declareCases } from './declare-cases.ts'
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
    describe(title, () => declareMissing(options, missing))
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

function declareMissing(options: ContractOptions, missing: string): void {
  const { it } = options.runner
  const text = `the ${options.name} backend cannot run here: ${missing}`
  const required = (process.env.ORCH_REQUIRE_BACKENDS ?? '').split(',').map((name) => name.trim())
  if (required.includes(options.name)) {
    it('can run here, as ORCH_REQUIRE_BACKENDS demands', async () => {
      throw new ContractFailure(text)
    })
    return
  }
  process.stderr.write(`SKIPPED: ${text}\n`)
  const showSkipped = it.skip ?? it
  showSkipped(`SKIPPED: ${text}`, async () => {})
}

function selectingCapabilities(factory: BackendFactory): readonly Capability[] {
  const stateDirectory = join(tmpdir(), 'orch-contract-unused')
  const host = { name: 'contract', stateDirectory, namespace: 'contract0000', env: process.env }
  return factory(host).capabilitiesOf(null)
}
