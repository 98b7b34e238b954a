import type { KnownBackend } from '@orch/core'

/** The backends that come with orch, in the order in which a default is looked for; loaded when needed. */
export const KNOWN_BACKENDS: readonly KnownBackend[] = [
  { name: 'opencode', takesServer: true, load: () => import('@orch/backend-opencode') },
  { name: 'tmux', load: () => import('@orch/backend-tmux') },
]
