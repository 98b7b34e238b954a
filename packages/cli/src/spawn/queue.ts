import type { AfterOption, SpawnOptions, State } from '@orch/core'
import { usageError, wholeNumber } from '../options.ts'

/** The options of `spawn` for several tasks at once, and that say when an agent is started. */
export const QUEUE_OPTIONS = {
  each: {
    type: 'string',
    requiresArg: true,
    describe: 'Start an agent for each line of this file, a task or {"task": …, options}; - is stdin',
  },
  number: { alias: 'n', type: 'number', requiresArg: true, describe: 'Start so many agents on the same task' },
  'max-parallel': {
    type: 'number',
    requiresArg: true,
    describe: 'Start it once one of so many places of the project is free, else queue it; 0: needs none',
  },
  after: {
    type: 'string',
    array: true,
    requiresArg: true,
    nargs: 1,
    describe: 'Start it once this agent is done; "AGENT:STATE" waits for another state; can be given again',
  },
} as const

/**
 * What the {@link QUEUE_OPTIONS} were set to, as `spawn` of core takes it.
 * @throws OrchError `USAGE`
 */
export function queueOptions(args: {
  readonly maxParallel?: number | undefined
  readonly after?: readonly string[] | undefined
}): Pick<SpawnOptions, 'maxParallel' | 'after'> {
  return {
    maxParallel:
      args.maxParallel === undefined ? undefined : wholeNumber('--max-parallel', args.maxParallel, [0, 10_000]),
    after: args.after?.flatMap((value) => value.split(',')).map(afterOption),
  }
}

/** `AGENT` or `AGENT:STATE`: an id holds no colon. */
function afterOption(value: string): AfterOption {
  const [agent = '', state, ...more] = value.trim().split(':')
  if (agent === '' || state === '' || more.length > 0)
    throw usageError(`Cannot use "--after ${value}": it names no agent`, 'Use "--after AGENT", or "--after AGENT:idle"')
  return { agent, state: state as State | undefined }
}
