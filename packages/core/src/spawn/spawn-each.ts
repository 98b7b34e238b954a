import { setMaxListeners } from 'node:events'
import type { SpawnEachDocument, SpawnedTask } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { awaitTurns, NOT_AWAITED } from '../messages/await-turn.ts'
import { toErrorInfo } from '../orchestrator/end-agent.ts'
import { type Look, lookAt } from '../orchestrator/look.ts'
import type { SpawnEachOptions, SpawnTask } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { reread } from '../orchestrator/update-record.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import { type DrivenQueue, driveQueueOf, withStanding } from '../queue/drive-queue.ts'
import { assertEnd } from '../queue/plan-start.ts'
import { parentOf } from './lineage.ts'
import { type OrderedTask, orderTasks, placeOf } from './order-tasks.ts'
import { decideSpawn, type SpawnPlan } from './plan-spawn.ts'
import { claimPlanned, notDelivered } from './spawn.ts'
import { sharedQuestions } from './spawn-questions.ts'

/** A file of tasks is held in memory, and a queue is read at every look. */
const MOST_TASKS = 10_000

/**
 * Spawns several agents. Every task is checked before anything is made; then all are queued, one after another, and those
 * that may start are started. Whoever is killed over it leaves some that are queued, which the next look starts, and
 * others that were never made: with keys, the same call goes on with those.
 * With `wait` it stays until the turns of all tasks are over, and brings the answers.
 * @throws OrchError as `spawn` does, and says of which task; `USAGE` for tasks that come after one another in a circle
 */
export async function spawnEach(
  orch: Orch,
  tasks: readonly SpawnTask[],
  options: SpawnEachOptions = {},
): Promise<SpawnEachDocument> {
  assertMany(tasks)
  if (options.signal !== undefined) setMaxListeners(0, options.signal)
  const ordered = orderTasks(tasks)
  const plans = await decideAll(orch, ordered, options)
  const made = new Map<number, Claimed>()
  for (const { task, index, afterTasks } of ordered) {
    const plan = plans.get(index) as SpawnPlan
    const before = afterTasks.map((one) => ({ agent: made.get(one.index)?.id ?? '', state: one.state ?? 'done' }))
    const start = { maxParallel: null, ...plan.start, after: [...(plan.start?.after ?? []), ...before] }
    const claimed = claimPlanned(
      orch,
      { ...task, signal: options.signal },
      { ...plan, start: { ...start, index, triedAt: null } },
    )
    const { stored, created } = await claimed.catch((error: unknown) => {
      throw withPlace(error, placeOf(task, index), made.size)
    })
    made.set(index, { id: stored.record.id, created })
    // barrier: task-queued
  }
  const claimed = tasks.map((_, index) => made.get(index) as Claimed)
  const own = new Set(claimed.flatMap(({ id, created }) => (created ? [id] : [])))
  const driven = await driveQueueOf(orch, orch.project, { mayStart: true, own, signal: options.signal })
  const ends = options.wait
    ? await awaitTurns(
        orch,
        claimed.map(({ id }) => id),
        options,
      )
    : []
  const looks = await lookAtAll(orch, claimed, { driven, signal: options.signal })
  const { apiVersion, warnings } = documentFor(looks.map(({ stored }) => stored))
  const said = [...plans.values()].flatMap((plan) => plan.warnings)
  const unique = [...new Map([...warnings, ...said].map((one) => [one.text, one])).values()]
  const results = looks.map((look, index): SpawnedTask => {
    const { agent, stored } = look
    const error = driven.errors.get(agent.id)
    const failed = error !== undefined && agent.state !== 'queued'
    return {
      place: placeOf(tasks[index] as SpawnTask, index),
      ok: !failed,
      agent,
      created: claimed[index]?.created === true,
      prompt: stored.record.prompt ?? notDelivered(agent),
      attachments: stored.record.attachments ?? [],
      ...(ends[index] ?? NOT_AWAITED.end),
      error: failed ? toErrorInfo(error) : null,
    }
  })
  return { apiVersion, warnings: unique, results }
}

interface Claimed {
  readonly id: string
  readonly created: boolean
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
function withPlace(error: unknown, place: string, queued: number): unknown {
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

async function lookAtAll(
  orch: Orch,
  claimed: readonly Claimed[],
  { driven, signal }: { readonly driven: DrivenQueue; readonly signal: AbortSignal | undefined },
): Promise<readonly Look[]> {
  const records = await Promise.all(claimed.map(({ id }) => reread(orch, id)))
  const { looks } = await lookAt(orch, records, { signal })
  return looks.map((look) => withStanding(look, driven))
}
