import type { Backend } from '../backend.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { WorktreePlan } from '../worktree/plan-worktree.ts'
import { chooseBackend } from './choose-backend.ts'

/** What is asked outside of this process to decide a spawn. */
export interface SpawnQuestions {
  /** @param preferred the backend that its skill names */
  backend(options: SpawnOptions, preferred: string | null | undefined): Promise<Backend>
  worktree(options: SpawnOptions): Promise<WorktreePlan>
}

/** Asks for one spawn. */
export function questions(orch: Orch): SpawnQuestions {
  return {
    backend: (options, preferred) => chooseBackend(orch, options, preferred),
    worktree: async ({ signal }) => {
      const { planWorktree } = await import('../worktree/plan-worktree.ts')
      return await planWorktree(orch, signal)
    },
  }
}

/** The same for many spawns at once, each question asked once. */
export function sharedQuestions(orch: Orch): SpawnQuestions {
  const each = questions(orch)
  const backends = new Map<string, Promise<Backend>>()
  let worktree: Promise<WorktreePlan> | undefined
  return {
    backend: (options, preferred) => {
      const { program, programCommand, model, mode, permission, permissionRules } = options
      const key = JSON.stringify([preferred, program, programCommand, model, mode, permission, permissionRules])
      const asked = backends.get(key) ?? each.backend(options, preferred)
      backends.set(key, asked)
      return asked
    },
    worktree: (options) => {
      worktree ??= each.worktree(options)
      return worktree
    },
  }
}
