import { describe, it } from '@jest/globals'
import { runBackendContract } from '@orch/core/contract'
import { clerkBackend, hookedWorld } from './support/hooked-world.ts'

runBackendContract({
  name: 'tmux',
  variant: 'a program that tells what happens to it, task by argument',
  runner: { describe, it },
  factory: clerkBackend,
  setup: () => hookedWorld('argument'),
  knownGaps: {
    'turn-tells-what-arrived':
      'a message has arrived when one is told of after it was tried: core notes that before it sends, the case afterwards',
  },
})
