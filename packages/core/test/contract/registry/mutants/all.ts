import { appendMutants } from './append.ts'
import { archiveMutants } from './archive.ts'
import { createMutants } from './create.ts'
import { damageMutants } from './damage.ts'
import { lookMutants } from './look.ts'
import type { Mutant } from './mutant.ts'
import { trailMutants } from './trail.ts'
import { unreadableMutants } from './unreadable.ts'
import { watchMutants } from './watch.ts'

/** Every deliberately broken store. */
export const MUTANTS: readonly Mutant[] = [
  ...createMutants,
  ...lookMutants,
  ...appendMutants,
  ...archiveMutants,
  ...trailMutants,
  ...watchMutants,
  ...unreadableMutants,
  ...damageMutants,
]
