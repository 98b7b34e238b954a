import type { Machine } from './machine.ts'
import type { Result } from './measure.ts'

/** What a run measured, and on what. */
export interface Report extends Machine {
  readonly repetitions: number
  readonly quick: boolean
  readonly results: readonly Result[]
}
