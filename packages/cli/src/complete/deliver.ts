import type { CompleteOptions, Delivered } from '@orch/core'
import { usageError } from '../options.ts'

/** The options of `complete` that say what becomes of the work in a worktree. */
export const DELIVER_OPTIONS = {
  merge: {
    type: 'boolean',
    describe: 'Merge it into the branch the main checkout stands on; of its hooks post-merge is run',
  },
  pr: { type: 'boolean', describe: 'Push it and open a pull request with gh' },
  patch: { type: 'boolean', describe: 'Write it as a patch into the workspace' },
  keep: { type: 'boolean', describe: 'Keep the worktree and its branch (when none is given)' },
} as const

const WAYS = ['merge', 'pr', 'patch', 'keep'] as const

/**
 * What the {@link DELIVER_OPTIONS} were set to.
 * @throws OrchError `USAGE` for several at once
 */
export function deliverOption(
  args: Readonly<Partial<Record<Delivered['how'], boolean | undefined>>>,
): CompleteOptions['deliver'] {
  const [first, second] = WAYS.filter((way) => args[way] === true)
  if (second === undefined) return first
  throw usageError(`Cannot use "--${first}" with "--${second}": work goes one way`, 'Give one of them')
}
