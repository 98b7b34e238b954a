import type { SpawnOptions } from '@orch/core'
import { attached, usageError } from '../options.ts'
import { parsePermission } from '../permission.ts'
import { contextOptions } from './context.ts'
import { lineageOptions } from './lineage.ts'
import { queueOptions } from './queue.ts'

/** The options that one task has, as the command line set them, or one line of `--each`. */
export type TaskArgs = Parameters<typeof attached>[0] &
  Parameters<typeof contextOptions>[0] &
  Parameters<typeof lineageOptions>[0] &
  Parameters<typeof queueOptions>[0] & {
    readonly worktree?: boolean | undefined
    readonly name?: string | undefined
    readonly model?: string | undefined
    readonly as?: string | undefined
    readonly program?: string | undefined
    readonly key?: string | undefined
    readonly permission?: readonly string[] | undefined
    /** The command line that followed `--`. */
    readonly rest: readonly string[]
  }

/** Whether a command line follows `--`, which the agent runs, and is no part of the task. */
export function runsOwnProgram({ program }: Pick<TaskArgs, 'program'>): boolean {
  return program === ''
}

/**
 * All of a task but its text, as `spawn` of core takes it.
 * @throws OrchError `USAGE`
 */
export function taskOptions(args: TaskArgs): Omit<SpawnOptions, 'task'> {
  const ownProgram = runsOwnProgram(args)
  if (ownProgram && args.rest.length === 0)
    throw usageError(
      'Cannot spawn an agent: "--program" names no program',
      'Use "--program NAME", or "--program -- CMD ARG…" at the end of the line',
    )
  return {
    name: args.name,
    model: args.model,
    mode: args.as,
    program: ownProgram ? undefined : args.program,
    programCommand: ownProgram ? args.rest : undefined,
    key: args.key,
    ...parsePermission(args.permission),
    ...contextOptions(args),
    ...lineageOptions(args),
    worktree: args.worktree,
    ...queueOptions(args),
    attach: attached(args),
  }
}
