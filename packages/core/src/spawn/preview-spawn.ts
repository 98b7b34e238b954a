import type { SpawnPreview, SpawnPreviewDocument, SpawnPreviewEachDocument } from '../documents.ts'
import type { CallOptions, SpawnOptions, SpawnTask } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { holderOf } from './claim-agent.ts'
import { parentOf } from './lineage.ts'
import { newRecord } from './new-record.ts'
import { placeOf } from './order-tasks.ts'
import { decideSpawn, type SpawnPlan } from './plan-spawn.ts'
import { planTasks } from './plan-tasks.ts'

/**
 * What {@link spawn} would make, its whole context included, and nothing of it made. What would be refused before anything is made
 * is refused here as well.
 * @throws OrchError as `spawn` does before it makes anything
 */
export async function previewSpawn(orch: Orch, options: SpawnOptions): Promise<SpawnPreviewDocument> {
  const plan = await decideSpawn(orch, options)
  return { apiVersion: 1, warnings: plan.warnings, dryRun: true, ...(await previewOf(orch, options, plan)) }
}

/**
 * The same of what {@link spawnEach} would make, in the order of the tasks.
 * @throws OrchError as `spawnEach` does before it makes anything
 */
export async function previewEach(
  orch: Orch,
  tasks: readonly SpawnTask[],
  options: CallOptions = {},
): Promise<SpawnPreviewEachDocument> {
  const { ordered, plans } = await planTasks(orch, tasks, options)
  const planOf = (index: number): SpawnPlan => plans.get(index) as SpawnPlan
  const previews = ordered.map(async ({ task, index, afterTasks }) => {
    const preview = await previewOf(orch, task, planOf(index))
    const others = afterTasks.map((one) => ({ agent: planOf(one.index).example.id, state: one.state ?? 'done' }))
    const { maxParallel = null, after = [] } = preview.start ?? {}
    const start = others.length === 0 ? preview.start : { maxParallel, after: [...after, ...others] }
    return { index, preview: { place: placeOf(task, index), ...preview, start } }
  })
  const inGivenOrder = (await Promise.all(previews)).toSorted((a, b) => a.index - b.index)
  const said = [...plans.values()].flatMap((plan) => plan.warnings)
  const warnings = [...new Map(said.map((one) => [one.text, one])).values()]
  return { apiVersion: 1, warnings, dryRun: true, results: inGivenOrder.map(({ preview }) => preview) }
}

async function previewOf(orch: Orch, options: Omit<SpawnOptions, 'signal'>, plan: SpawnPlan): Promise<SpawnPreview> {
  const parent = await parentOf(orch, options)
  const record = newRecord(orch, options, { id: plan.example.id, ...plan, parent })
  const holder = options.key === undefined ? null : await holderOf(orch, options.key)
  const { id, project, directory, workspace, branch, base, backend, program, model, mode, permission, labels } = record
  return {
    holder: holder?.record.id ?? null,
    agent: {
      ...{ id, task: options.task, project, directory, workspace, branch, base, backend, program, model, mode },
      ...{ permission, permissionRules: record.permissionRules ?? [], parent, labels, key: record.key },
      skill: record.skill ?? null,
      deliverables: record.deliverables ?? [],
      verify: record.verify ?? null,
    },
    start: plan.start === null ? null : { maxParallel: plan.start.maxParallel, after: plan.start.after },
    attachments: plan.attachments,
    context: plan.example.context.text,
  }
}
