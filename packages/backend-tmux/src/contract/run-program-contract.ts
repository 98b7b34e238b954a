import {
  type CaseOutcome,
  type ContractCase,
  ContractFailure,
  declareCases,
  declareMissing,
  runCase,
  type World,
} from '@orch/core/contract'
import type { Program } from '../programs/program.ts'
import { PROGRAM_CASES } from './cases.ts'
import type { ProgramCase, ProgramContractOptions, ProgramWorld } from './program-case.ts'

const PATIENCE_MS = 30_000

/**
 * Declares one test for each case that the program's own capabilities select. Known gaps are run too and must fail.
 * Where the program is missing, says so and skips, unless `ORCH_REQUIRE_BACKENDS` names it.
 */
export function runProgramContract(options: ProgramContractOptions): void {
  const { program, runner, setup } = options
  const { name } = program.spec
  const missing = options.missing?.() ?? null
  if (missing !== null) {
    runner.describe(`${name} program contract`, () =>
      declareMissing({ name, runner }, `the program ${name} cannot run here: ${missing}`),
    )
    return
  }
  const selected = PROGRAM_CASES.filter((entry) => isSelectedFor(program, entry))
  const patienceMs = options.patienceMs ?? PATIENCE_MS
  runner.describe(`${name} program contract: ${selected.length} of ${PROGRAM_CASES.length} cases`, () =>
    declareCases(options, selected, (entry) => runProgramCase({ entry, program, patienceMs }, setup)),
  )
}

/** Whether this program must pass the case. */
export function isSelectedFor({ hooks }: Program, { requires, sends = false }: ProgramCase): boolean {
  if (sends && hooks?.endsWithTurn) return false
  return requires.every((capability) => hooks?.capabilities.includes(capability))
}

/** Runs one case in a fresh place. Never rejects; the error of a failed case carries the reason the case exists for. */
export async function runProgramCase(
  {
    entry,
    program,
    patienceMs,
  }: { readonly entry: ProgramCase; readonly program: Program; readonly patienceMs: number },
  setup: () => Promise<ProgramWorld>,
): Promise<CaseOutcome> {
  const place = await setup()
  const { id, requires, because } = entry
  const run: ContractCase['run'] = (t) => entry.run({ ...t, program, place })
  return runCase({ id, requires, because, run }, async () => worldOf(place, program), patienceMs)
}

/** The place as the backend's contract knows one, of which every new agent runs the program. */
function worldOf(place: ProgramWorld, { hooks }: Program): World {
  const { backend } = place
  const own = [...backend.capabilitiesOf(null), ...(hooks?.capabilities ?? [])]
  const absent = async (): Promise<never> => {
    throw new ContractFailure('The contract of a program leaves the server alone')
  }
  return {
    ...place,
    backend: { ...backend, capabilitiesOf: (agent) => (agent === null ? own : backend.capabilitiesOf(agent)) },
    known: {},
    elsewhere: null,
    killServer: absent,
    freezeServer: absent,
    thawServer: absent,
  }
}
