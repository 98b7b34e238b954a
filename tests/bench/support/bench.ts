import type { Scope } from '../../harness/create-scope.ts'
import type { InstalledOrch } from './installed-orch.ts'

/** One thing that is measured. */
export interface Side {
  /** In one line, for the reader of the table. */
  readonly what: string
  /** Measures once. Whatever it disturbed is put back before it resolves, outside the measured time. */
  measure(): Promise<number>
}

/** What is wanted of a comparison: at most so many times the floor, at most so much, or at most so much over the floor. */
export type Target = { readonly ratio: number } | { readonly most: number } | { readonly over: number }

/** Orch beside the least that the same answer costs. */
export interface Comparison {
  readonly name: string
  readonly unit: 'ms' | 'MiB'
  readonly orch: Side
  readonly floor: Side
  readonly target?: Target
}

/** What every bench works with. */
export interface Stand {
  /** Ends after the bench; whatever it started belongs in here. */
  readonly scope: Scope
  readonly orch: InstalledOrch
  /** Small sizes: to see that it runs, not to learn from the figures. */
  readonly quick: boolean
  /** Says what takes its time. */
  progress(text: string): void
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal
}

/**
 * A subject. Each comparison is measured before the next one is asked for, so that one place can grow between them.
 */
export interface Bench {
  readonly name: string
  /** In one line, for `--list`. */
  readonly about: string
  comparisons(stand: Stand): AsyncIterable<Comparison>
}
