import type { Attachment } from '../agent.ts'
import type { Backend } from '../backend.ts'
import { changeLabels } from '../labels.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { currentOwner } from '../process-owner.ts'
import { recordedTask } from '../recovery/settle-spawn.ts'
import type { AgentRecord, StartPlan } from '../registry/record.ts'
import { workspacePath } from '../workspace/workspace.ts'
import type { WorktreePlan } from '../worktree/plan-worktree.ts'
import { worktreeFields } from '../worktree/worktree-fields.ts'
import { type AgreedWork, workOf } from './agreed-work.ts'
import type { ChosenProgram } from './choose-backend.ts'

/** What of a record says what its agent is to be. */
export type WantedAgent = Pick<
  AgentRecord,
  'project' | 'directory' | 'target' | 'program' | 'programSpec' | 'model' | 'mode' | 'permission' | 'permissionRules'
>

/** What is asked for, before it has an id. */
export function wantedAgent(
  orch: Orch,
  options: SpawnOptions,
  { backend, program }: { readonly backend: Backend; readonly program: ChosenProgram },
): WantedAgent {
  return {
    project: orch.project,
    directory: orch.directory,
    target: backend.target,
    program: program.spec?.name ?? program.name,
    programSpec: program.spec,
    model: modelOf(orch, options),
    mode: options.mode ?? null,
    permission: options.permission ?? null,
    ...(options.permissionRules?.length && { permissionRules: options.permissionRules }),
  }
}

/** The record of a spawn that this process begins now, before anything is made. */
export function newRecord(
  orch: Orch,
  options: SpawnOptions,
  made: {
    readonly id: string
    readonly backend: Backend
    readonly wanted: WantedAgent
    readonly commit: string | null
    readonly branch: string | null
    readonly attachments: readonly Attachment[]
    readonly worktree: WorktreePlan | null
    readonly work: AgreedWork
    readonly parent: string | null
    readonly start: StartPlan | null
  },
): AgentRecord {
  const workspace = workspacePath(orch.project, made.id)
  return {
    ...made.wanted,
    id: made.id,
    lifecycle: 'spawning',
    task: recordedTask(options.task),
    workspace,
    branch: made.branch,
    base: made.commit,
    ...(made.worktree && worktreeFields(made.worktree, made.id)),
    backend: made.backend.name,
    parent: made.parent,
    labels: changeLabels({}, options.labels ?? {}),
    key: options.key ?? null,
    owner: currentOwner(),
    handle: null,
    facts: null,
    ...(made.attachments.length > 0 && { attachments: made.attachments }),
    ...workOf(made.work, made.id, workspace),
    ...(made.start !== null && { start: made.start }),
    beginAt: null,
    prompt: null,
    failure: null,
    exit: null,
    attempts: [],
    answered: [],
    spawnedAt: new Date().toISOString(),
    endedAt: null,
  }
}

/** The model asked for, its short name looked up. */
function modelOf({ config: { models } }: Orch, { model }: SpawnOptions): string | null {
  if (model === undefined) return null
  return Object.hasOwn(models, model) ? (models[model] as string) : model
}
