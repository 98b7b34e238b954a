export type { CaseContext, ContractCase, Created } from './case.ts'
export { BACKEND_CASES } from './cases.ts'
export { ContractFailure, check, checkEqual, checkRejects } from './check.ts'
export { declareCases, declareMissing } from './declare-cases.ts'
export type { RegistryCase, RegistryContext } from './registry/case.ts'
export { REGISTRY_CASES } from './registry/cases.ts'
export { type RegistryCaseOutcome, runRegistryCase } from './registry/run-registry-case.ts'
export { runRegistryContract } from './registry/run-registry-contract.ts'
export type { RegistryContractOptions, RegistryDamage, RegistryWorld } from './registry/world.ts'
export { isSelected, runBackendContract } from './run-backend-contract.ts'
export { type CaseOutcome, runCase } from './run-case.ts'
export type {
  ContractOptions,
  ContractRunner,
  Elsewhere,
  KnownFields,
  ObservedField,
  OpenOptions,
  Prompts,
  Situation,
  World,
} from './world.ts'
