import type { Attachment, Reason } from '../agent.ts'
import { createAgentId } from '../agent-id.ts'
import type { Backend } from '../backend.ts'
import { OrchError } from '../errors.ts'
import { readGitHead } from '../git.ts'
import { assertWillAnswer } from '../messages/await-turn.ts'
import { takeAttachments, unsupported } from '../messages/take-attachments.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { chooseSkill, withSkill } from '../orchestrator/skills.ts'
import { planStart } from '../queue/plan-start.ts'
import type { StartPlan } from '../registry/record.ts'
import { workspacePath } from '../workspace/workspace.ts'
import { programOutside, type WorktreePlan } from '../worktree/plan-worktree.ts'
import { worktreeFields } from '../worktree/worktree-fields.ts'
import { type AgreedWork, agreeOnWork, workOf } from './agreed-work.ts'
import { type Brief, takeBrief, type WrittenContext, writeContext } from './brief.ts'
import { type ChosenProgram, chooseProgram } from './choose-backend.ts'
import { slugFrom } from './claim-agent.ts'
import { plannedAgent } from './make-agent.ts'
import { type WantedAgent, wantedAgent } from './new-record.ts'
import { questions, type SpawnQuestions } from './spawn-questions.ts'

/** All that a spawn decides before it makes anything. */
export interface SpawnPlan {
  readonly backend: Backend
  readonly program: ChosenProgram
  readonly wanted: WantedAgent
  readonly work: AgreedWork
  readonly brief: Brief
  /** Where its directory stands in git. */
  readonly commit: string | null
  readonly branch: string | null
  readonly attachments: readonly Attachment[]
  /** What its worktree is to be made of; `null`: it gets none. */
  readonly worktree: WorktreePlan | null
  /** When it is started, if not at once. */
  readonly start: StartPlan | null
  /** An id as it would get, and what it would be told under that. */
  readonly example: { readonly id: string; readonly context: WrittenContext }
  readonly warnings: readonly Reason[]
}

/**
 * Decides everything about a new agent that can be decided before it is made, and refuses what would fail. Makes nothing.
 * @throws OrchError `EMPTY_TASK`, `USAGE`, `BACKEND_*`, `PROGRAM_*`, `UNSUPPORTED`, `FILE_NOT_FOUND`, `CONFIG_INVALID` …
 */
export async function decideSpawn(
  orch: Orch,
  asked: SpawnOptions,
  ask: SpawnQuestions = questions(orch),
): Promise<SpawnPlan> {
  if (asked.task.trim() === '') {
    throw new OrchError('EMPTY_TASK', 'Cannot spawn an agent: the task is empty', {
      hint: 'Give the task as an argument, with --file FILE, or on standard input with "-"',
    })
  }
  const chosen = await chooseSkill(orch, asked)
  const options = withSkill(orch, asked, chosen)
  const start = await planStart(orch, options)
  const program = chooseProgram(orch, options)
  const work = agreeOnWork(orch, options)
  const brief = takeBrief(orch, options, chosen)
  const [{ commit, branch }, backend, worktree] = await Promise.all([
    readGitHead(orch.directory, options.signal),
    ask.backend(options, chosen?.skill.backend),
    options.worktree ? ask.worktree(options) : null,
  ])
  const wanted = wantedAgent(orch, options, { backend, program })
  if (options.wait) await assertWillAnswer(orch, backend, plannedAgent(wanted), options.signal)
  const attachments = await takeAttachments(orch, options.attach, { backend })
  if (attachments.length > 0 && program.spec !== null && !['send', null].includes(program.spec.promptBy))
    throw unsupported(backend, undefined)
  const id = createAgentId(slugFrom(options))
  const workspace = workspacePath(orch.project, id)
  const place = { ...(worktree && worktreeFields(worktree, id)), workspace }
  const context = writeContext(orch, { ...wanted, ...workOf(work, id, workspace), ...place, id }, brief)
  const lacking = worktree === null ? [] : await programOutside(orch, worktree, program.spec?.command, options.signal)
  const warnings = [...(worktree?.warnings ?? []), ...lacking, ...context.warnings]
  const example = { id, context }
  return { backend, program, wanted, work, brief, commit, branch, attachments, worktree, start, example, warnings }
}
