import type { SpawnPreviewDocument } from '../documents.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { holderOf } from './claim-agent.ts'
import { parentOf } from './lineage.ts'
import { newRecord } from './new-record.ts'
import { decideSpawn } from './plan-spawn.ts'

/**
 * What {@link spawn} would make, its whole context included, and nothing of it made. What would be refused before anything is made
 * is refused here as well.
 * @throws OrchError as `spawn` does before it makes anything
 */
export async function previewSpawn(orch: Orch, options: SpawnOptions): Promise<SpawnPreviewDocument> {
  const plan = await decideSpawn(orch, options)
  const parent = await parentOf(orch, options)
  const record = newRecord(orch, options, { id: plan.example.id, ...plan, parent })
  const holder = options.key === undefined ? null : await holderOf(orch, options.key)
  const { id, project, directory, workspace, branch, base, backend, program, model, mode, permission, labels } = record
  return {
    apiVersion: 1,
    warnings: plan.warnings,
    dryRun: true,
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
