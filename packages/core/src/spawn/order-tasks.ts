import { OrchError } from '../errors.ts'
import type { AfterOption, SpawnTask } from '../orchestrator/options.ts'

/** One of several tasks, with what of `after` names another one of them. */
export interface OrderedTask {
  readonly task: SpawnTask
  /** Its number as it was given, from 0. */
  readonly index: number
  /** Agents that are there already. */
  readonly after: readonly AfterOption[]
  /** The numbers of the other tasks. */
  readonly afterTasks: readonly { readonly index: number; readonly state: AfterOption['state'] }[]
}

/**
 * Tasks in an order in which each stands behind those that it comes after, and else as they were given. In `after`, the
 * `name` of a task counts before the ids of agents. Pure.
 * @throws OrchError `USAGE` for a name that several tasks have, and for tasks that come after one another in a circle
 */
export function orderTasks(tasks: readonly SpawnTask[]): readonly OrderedTask[] {
  const left = tasks.map((task, index) => withTasks(tasks, task, index))
  const ordered: OrderedTask[] = []
  const done = new Set<number>()
  while (left.length > 0) {
    const next = left.findIndex(({ afterTasks }) => afterTasks.every(({ index }) => done.has(index)))
    const [task] = left.splice(next, next === -1 ? 0 : 1)
    if (task === undefined) throw inACircle(tasks, left)
    ordered.push(task)
    done.add(task.index)
  }
  return ordered
}

/** How a task is called in an error. */
export function placeOf({ place }: SpawnTask, index: number): string {
  return place ?? `task ${index + 1}`
}

function withTasks(tasks: readonly SpawnTask[], task: SpawnTask, index: number): OrderedTask {
  const after: AfterOption[] = []
  const afterTasks: { index: number; state: AfterOption['state'] }[] = []
  for (const one of task.after ?? []) {
    const named = tasks.flatMap(({ name }, at) => (name === one.agent ? [at] : []))
    const [first] = named
    if (first === undefined) after.push(one)
    else if (named.length === 1) afterTasks.push({ index: first, state: one.state })
    else throw ambiguous(one.agent, placeOf(task, index))
  }
  return { task, index, after, afterTasks }
}

function ambiguous(name: string, place: string): OrchError {
  return new OrchError('USAGE', `Cannot start a task after "${name}": several tasks are called that (${place})`, {
    hint: 'Give each task a name of its own',
  })
}

/** Follows, from the first that is left, always the first that it waits for. */
function inACircle(tasks: readonly SpawnTask[], left: readonly OrderedTask[]): OrchError {
  const byIndex = new Map(left.map((task) => [task.index, task]))
  const path: number[] = []
  let at = left[0]?.index ?? 0
  while (!path.includes(at)) {
    path.push(at)
    at = byIndex.get(at)?.afterTasks.find(({ index }) => byIndex.has(index))?.index ?? at
  }
  const circle = [...path.slice(path.indexOf(at)), at].map((index) => placeOf(tasks[index] as SpawnTask, index))
  return new OrchError(
    'USAGE',
    `Cannot spawn tasks that come after one another in a circle: ${circle.join(' after ')}`,
    {
      hint: 'Take one of them out of the circle',
    },
  )
}
