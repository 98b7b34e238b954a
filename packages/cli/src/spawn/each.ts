import { createHash } from 'node:crypto'
import {
  previewEach,
  type SpawnEachDocument,
  type SpawnPreviewEachDocument,
  type SpawnTask,
  spawnEach,
  type TurnOptions,
} from '@orch/core'
import type { Options } from 'yargs'
import type { Context } from '../context.ts'
import { usageError, wholeNumber } from '../options.ts'
import { counted } from '../page.ts'
import { progressOf } from '../render/progress.ts'
import { isPreview } from './preview.ts'
import { runsOwnProgram, type TaskArgs, taskOptions } from './task.ts'
import { atPlace, readTaskLines } from './task-lines.ts'

/** Of all tasks together. */
const MOST_BYTES = 20_000_000

/** What `spawn` is given for several tasks at once. */
export interface EachArgs extends TaskArgs {
  readonly each?: string | undefined
  readonly number?: number | undefined
  readonly task?: string | undefined
  readonly file?: string | undefined
  readonly dryRun?: boolean | undefined
}

/**
 * Spawns the tasks of a file, or one task several times. What a line says outranks the command line, and adds to what can be given
 * more than once. Of a key each task gets one of its own, made of its text: lines that are added later are new.
 * @param specs the options of `spawn`
 */
export async function runEach(
  args: EachArgs,
  context: Context,
  { specs, turn }: { readonly specs: Readonly<Record<string, Options>>; readonly turn: TurnOptions },
): Promise<SpawnEachDocument | SpawnPreviewEachDocument> {
  const previews = isPreview({ ...args, wait: turn.wait })
  const tasks = args.each === undefined ? await copiesOf(args, context) : await tasksOf(args, context, specs)
  if (previews) return await previewEach(await context.orch(), tasks, { signal: context.signal })
  const toldOf = (task: SpawnTask): SpawnTask => ({
    ...task,
    onClaimed: (id) => context.begun.push(id),
    onWait: (why) => context.say(why),
  })
  context.spinner.say(`Starting ${counted(tasks.length, 'agent')}`)
  return await spawnEach(await context.orch(), tasks.map(toldOf), {
    ...turn,
    signal: context.signal,
    onLook: (agents) => context.spinner.say(progressOf(agents)),
  })
}

async function copiesOf(args: EachArgs, context: Context): Promise<readonly SpawnTask[]> {
  const count = wholeNumber('-n', args.number ?? 1, [1, 1_000])
  const rest = runsOwnProgram(args) ? [] : args.rest
  const task = await context.text('task', { argument: args.task, rest, file: args.file })
  const options = taskOptions(args)
  return withKeys(
    Array.from({ length: count }, (_, index) => ({ ...options, task, place: `number ${index + 1}` })),
    args.key,
  )
}

async function tasksOf(
  args: EachArgs,
  context: Context,
  specs: Readonly<Record<string, Options>>,
): Promise<readonly SpawnTask[]> {
  const { each = '-' } = args
  const given = [args.task, args.file, args.number].find((one) => one !== undefined)
  if (given !== undefined || (args.rest.length > 0 && !runsOwnProgram(args)))
    throw usageError('Cannot use "--each": another task, or a number, is given beside it', 'Leave one of them out')
  const lines = readTaskLines(await context.text('tasks', { file: each, most: MOST_BYTES }), each, specs)
  if (lines.length === 0)
    throw usageError(`Cannot spawn agents: "${each}" holds no task`, 'Write one task on each line')
  const tasks = lines.map(({ place, task, args: own }) =>
    atPlace(place, () => ({ ...taskOptions(merged(args, own)), task, place, isOwnKey: own.key !== undefined })),
  )
  return withKeys(tasks, args.key)
}

function merged(args: EachArgs, own: Partial<TaskArgs>): TaskArgs {
  const lists = Object.entries(own).filter(([, value]) => Array.isArray(value))
  const added = lists.map(([name, value]) => [
    name,
    [...((args as unknown as Lists)[name] ?? []), ...(value as string[])],
  ])
  return { ...args, ...own, ...Object.fromEntries(added) }
}

type Lists = Readonly<Record<string, readonly string[] | undefined>>

/** Tasks of the same text are told apart by which of them they are. */
function withKeys(
  tasks: readonly (SpawnTask & { readonly isOwnKey?: boolean })[],
  key: string | undefined,
): readonly SpawnTask[] {
  const seen = new Map<string, number>()
  return tasks.map(({ isOwnKey, ...task }) => {
    if (key === undefined || isOwnKey) return task
    const hash = createHash('sha256').update(task.task).digest('hex').slice(0, 12)
    const count = (seen.get(hash) ?? 0) + 1
    seen.set(hash, count)
    return { ...task, key: `${key}/${hash}${count === 1 ? '' : `/${count}`}` }
  })
}
