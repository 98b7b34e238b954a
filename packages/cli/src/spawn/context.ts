import { resolve } from 'node:path'
import type { SpawnOptions } from '@orch/core'
import { verifyWords } from '../verify-words.ts'

/** The options of `spawn` that say what the work is and what it is measured by. */
export const CONTEXT_OPTIONS = {
  skill: { type: 'string', requiresArg: true, describe: 'The skill it works by; "orch skills" lists them' },
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
  readonly skill?: string | undefined
  readonly context?: readonly string[] | undefined
  readonly deliverable?: readonly string[] | undefined
  readonly verify?: string | undefined
}): Pick<SpawnOptions, 'skill' | 'context' | 'deliverables' | 'verify'> {
  return {
    skill: args.skill,
    context: args.context?.map((path) => resolve(path)),
    deliverables: args.deliverable,
    verify: verifyWords(args.verify),
  }
}

/** For a task without quotes, and for a skill that stands before the task. */
export function hintForUnknown([first = '', second]: readonly string[]): string {
  if (second === undefined || !/^\w[\w.-]*$/.test(first)) return 'Run "orch spawn --help"'
  return `Put the task in quotes; a skill stands behind it: orch spawn "TASK" --skill ${first}`
}
