export { PROGRAM_CASES } from './cases.ts'
export type { ProgramCase, ProgramContext, ProgramContractOptions, ProgramWorld } from './program-case.ts'
export { isSelectedFor, runProgramCase, runProgramContract } from './run-program-contract.ts'
