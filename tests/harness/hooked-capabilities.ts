import type { Capability } from '@orch/core'

/** What every agent in tmux can whose program tells what happens to it; the known ones also tell what they used. */
export const HOOKED_CAPABILITIES: readonly Capability[] = [
  'programs',
  'attach',
  'screen',
  'adopt',
  'turns',
  'answers',
  'requests',
  'interrupt',
  'transcript',
]
