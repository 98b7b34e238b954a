import { setMaxListeners } from 'node:events'
import { isOrchError, OrchError } from '../errors.ts'
import type { SpawnEachOptions, SpawnTask } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { assertEnd } from '../queue/plan-start.ts'
import { parentOf } from './lineage.ts'
import { type OrderedTask, orderTasks, placeOf } from './order-tasks.ts'
import { decideSpawn, type SpawnPlan } from './plan-spawn.ts'
import { sharedQuestions } from './spawn-questions.ts'

/** A file of tasks is held in memory, and a queue is read at every look. */
const MOST_TASKS = 10_000

/** Several tasks in the order in which they are made, and the plan of each by its number. */
export interface PlannedTasks {
  readonly ordered: readonly OrderedTask[]
  readonly plans: ReadonlyMap<number, SpawnPlan>
}

/**
 * Decides everything about several new agents before any of them is made.
 * @throws OrchError as `decideSpawn` does, and says of which task
 */
export async function planTasks(
  orch: Orch,
  tasks: readonly SpawnTask[],
  options: SpawnEachOptions,
): Promise<PlannedTasks> {
  assertMany(tasks)
  if (options.signal !== undefined) setMaxListeners(0, options.signal)
  const ordered = orderTasks(tasks)
  return { ordered, plans: await decideAll(orch, ordered, options) }
}

function assertMany(tasks: readonly SpawnTask[]): void {
  if (tasks.length === 0 || tasks.length > MOST_TASKS) {
    throw new OrchError('USAGE', `Cannot spawn ${tasks.length} agents at once: 1 to ${MOST_TASKS} can be`, {
      hint: 'Give the tasks one on each line',
    })
  }
  const keys = new Map<string, string>()
  for (const [index, task] of tasks.entries()) {
    if (task.key === undefined) continue
    const place = placeOf(task, index)
    const other = keys.get(task.key)
    keys.set(task.key, place)
    if (task.key.trim() !== '' && other === undefined) continue
    const state = other === undefined ? 'is empty' : `is that of ${other} too`
    throw new OrchError('USAGE', `Cannot spawn an agent: its key ${state} (${place})`, {
      hint: 'Give each task a key of its own, or none',
    })
  }
}

/** Side by side; of several that are refused the first one counts. */
async function decideAll(
  orch: Orch,
  ordered: readonly OrderedTask[],
  { signal, wait }: SpawnEachOptions,
): Promise<ReadonlyMap<number, SpawnPlan>> {
  const ask = sharedQuestions(orch)
  const decide = async ({ task, index, after, afterTasks }: OrderedTask): Promise<readonly [number, SpawnPlan]> => {
    for (const { index: other, state = 'done' } of afterTasks) assertEnd(`task ${other + 1}`, state)
    await parentOf(orch, task)
    return [index, await decideSpawn(orch, { ...task, after, signal, wait }, ask)]
  }
  const inGivenOrder = ordered.toSorted((a, b) => a.index - b.index)
  const decided = await Promise.allSettled(inGivenOrder.map(decide))
  for (const [at, one] of decided.entries()) {
    const { task, index } = inGivenOrder[at] as OrderedTask
    if (one.status === 'rejected') throw withPlace(one.reason, placeOf(task, index), 0)
  }
  return new Map(decided.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
}

/** The same error, with where its task was written and how many were queued before it. */
export function withPlace(error: unknown, place: string, queued: number): unknown {
  if (!isOrchError(error)) return error
  const { code, hint, agent, backend, retryable } = error
  const before = queued === 0 ? '' : `; ${queued} before it are queued`
  return new OrchError(code, `${error.message} (${place}${before})`, {
    hint,
    agent,
    backend,
    retryable,
    outcome: queued === 0 ? error.outcome : 'partial',
    cause: error,
  })
}
