import { ContractFailure } from './check.ts'
import type { ContractRunner } from './world.ts'

const CASE_TIMEOUT_MS = 120_000

/** What the declaration of a case needs of a suite's options. */
interface DeclareOptions {
  readonly runner: ContractRunner
  readonly knownGaps?: Readonly<Record<string, string>>
}

type Outcome = { readonly passed: true } | { readonly passed: false; readonly error: Error }

/** Declares one test for each case. Known gaps are strict: one that passes fails, and so does one that names no case. */
export function declareCases<Case extends { readonly id: string }>(
  { runner, knownGaps = {} }: DeclareOptions,
  selected: readonly Case[],
  run: (entry: Case) => Promise<Outcome>,
): void {
  for (const entry of selected) {
    const gap = knownGaps[entry.id]
    const title = gap === undefined ? entry.id : `${entry.id} (known gap: ${gap})`
    const body = async (): Promise<void> => {
      const outcome = await run(entry)
      if (gap === undefined && !outcome.passed) throw outcome.error
      if (gap !== undefined && outcome.passed)
        throw new ContractFailure(`Cannot keep known gap "${entry.id}": the case passes now; remove it`)
    }
    runner.it(title, body, CASE_TIMEOUT_MS)
  }
  for (const id of Object.keys(knownGaps)) {
    if (selected.some((entry) => entry.id === id)) continue
    runner.it(`known gap "${id}" names a case that runs`, async () => {
      throw new ContractFailure(`Cannot accept known gap "${id}": no case of this name is selected`)
    })
  }
}

/**
 * Declares one test that says why nothing can be tried here: skipped, with a line on stderr, or failed where
 * `ORCH_REQUIRE_BACKENDS` names it.
 */
export function declareMissing(
  options: { readonly name: string; readonly runner: ContractRunner },
  text: string,
): void {
  const { it } = options.runner
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
