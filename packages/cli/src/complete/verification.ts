import { type CompleteOptions, parseDuration } from '@orch/core'
import { verifyWords } from '../verify-words.ts'

/** The options of `complete` that say how closely work is verified. */
export const VERIFICATION_OPTIONS = {
  verify: {
    type: 'string',
    requiresArg: true,
    describe: 'The command that has to pass, "npm test", instead of the one given at spawn; no shell runs it',
  },
  'verify-timeout': {
    type: 'string',
    requiresArg: true,
    describe: 'End that command, with all that it started, after this time (10m when left out)',
  },
  committed: { type: 'boolean', describe: 'What it changed since its spawn has to be committed' },
} as const

/**
 * What the {@link VERIFICATION_OPTIONS} were set to, as `complete` of core takes it.
 * @throws OrchError `USAGE`, `BAD_DURATION`
 */
export function verificationOptions(args: {
  readonly verify?: string | undefined
  readonly verifyTimeout?: string | undefined
  readonly committed?: boolean | undefined
}): Pick<CompleteOptions, 'verify' | 'verifyTimeoutMs' | 'committed'> {
  return {
    verify: verifyWords(args.verify),
    verifyTimeoutMs: args.verifyTimeout === undefined ? undefined : parseDuration(args.verifyTimeout),
    committed: args.committed,
  }
}
