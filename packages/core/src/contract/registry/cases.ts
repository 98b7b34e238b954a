import type { RegistryCase } from './case.ts'
import { appendCases } from './cases/append.ts'
import { archiveCases } from './cases/archive.ts'
import { createCases } from './cases/create.ts'
import { damageCases } from './cases/damage.ts'
import { hostileCases } from './cases/hostile.ts'
import { lookCases } from './cases/look.ts'
import { trailCases } from './cases/trail.ts'
import { unreadableCases } from './cases/unreadable.ts'
import { watchCases } from './cases/watch.ts'

/** Every case of the registry contract, in the order of a record's life. */
export const REGISTRY_CASES: readonly RegistryCase[] = [
  ...createCases,
  ...lookCases,
  ...hostileCases,
  ...appendCases,
  ...archiveCases,
  ...trailCases,
  ...watchCases,
  ...unreadableCases,
  ...damageCases,
]
