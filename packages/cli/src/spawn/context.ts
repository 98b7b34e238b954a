import { resolve } from 'node:path'
import { type SpawnOptions, splitWords } from '@orch/core'
import { usageError } from '../options.ts'

/** The options of `spawn` that say what the work is and what it is measured by. */
export const CONTEXT_OPTIONS = {
  context: {
    type: 'string',
    array: true,
    requiresArg: true,
    nargs: 1,
    describe: 'A text file that goes into its context whole, as it is now; can be given again',
  },
  deliverable: {
    type: 'string',
    array: true,
    requiresArg: true,
    nargs: 1,
    describe: 'A file or folder that it has to make, from its directory; can be given again',
  },
  verify: {
    type: 'string',
    requiresArg: true,
    describe: 'The command that has to pass before it is completed, "npm test"; no shell runs it',
  },
} as const

/**
 * What the {@link CONTEXT_OPTIONS} were set to, as `spawn` of core takes it.
 * @throws OrchError `USAGE`
 */
export function contextOptions(args: {
  readonly context?: readonly string[] | undefined
  readonly deliverable?: readonly string[] | undefined
  readonly verify?: string | undefined
}): Pick<SpawnOptions, 'context' | 'deliverables' | 'verify'> {
  return {
    context: args.context?.map((path) => resolve(path)),
    deliverables: args.deliverable,
    verify: args.verify === undefined ? undefined : wordsOf(args.verify),
  }
}

function wordsOf(line: string): readonly string[] {
  const words = splitWords(line)
  if (words !== null) return words
  throw usageError(
    'Cannot use "--verify": its command has no words, or a quote that is not closed',
    'Give a program and its arguments, for example --verify "npm test"',
  )
}
