import type { ContractCase } from './case.ts'
import { beginCases } from './cases/begin.ts'
import { createCases } from './cases/create.ts'

/** Every case of the backend contract, in the order of an agent's life. */
export const BACKEND_CASES: readonly ContractCase[] = [...createCases, ...beginCases]
