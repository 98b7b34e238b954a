export type { CaseContext, ContractCase, Created } from './case.ts'
export { BACKEND_CASES } from './cases.ts'
export { ContractFailure } from './check.ts'
export { isSelected, runBackendContract } from './run-backend-contract.ts'
export { type CaseOutcome, runCase } from './run-case.ts'
export type {
  ContractOptions,
  ContractRunner,
  KnownFields,
  ObservedField,
  OpenOptions,
  Prompts,
  Situation,
  World,
} from './world.ts'
