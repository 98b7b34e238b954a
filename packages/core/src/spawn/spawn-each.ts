import type { SpawnEachDocument, SpawnedTask } from '../documents.ts'
import { awaitTurns, NOT_AWAITED } from '../messages/await-turn.ts'
import { toErrorInfo } from '../orchestrator/end-agent.ts'
import { type Look, lookAt } from '../orchestrator/look.ts'
import type { SpawnEachOptions, SpawnTask } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { reread } from '../orchestrator/update-record.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import { type DrivenQueue, driveQueueOf, withStanding } from '../queue/drive-queue.ts'
import { placeOf } from './order-tasks.ts'
import type { SpawnPlan } from './plan-spawn.ts'
import { planTasks, withPlace } from './plan-tasks.ts'
import { claimPlanned, notDelivered } from './spawn.ts'

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
  const { ordered, plans } = await planTasks(orch, tasks, options)
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

async function lookAtAll(
  orch: Orch,
  claimed: readonly Claimed[],
  { driven, signal }: { readonly driven: DrivenQueue; readonly signal: AbortSignal | undefined },
): Promise<readonly Look[]> {
  const records = await Promise.all(claimed.map(({ id }) => reread(orch, id)))
  const { looks } = await lookAt(orch, records, { signal })
  return looks.map((look) => withStanding(look, driven))
}
