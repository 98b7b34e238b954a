/** The option of `spawn` that gives the agent a place of its own. */
export const WORKTREE_OPTIONS = {
  worktree: { type: 'boolean', describe: 'Work in a git worktree of its own, on the branch orch/ID' },
} as const
