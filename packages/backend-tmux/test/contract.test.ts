import { spawnSync } from 'node:child_process'
import { describe, it } from '@jest/globals'
import { tmux } from '@orch/backend-tmux'
import { runBackendContract } from '@orch/core/contract'
import { contractWorld } from './support/contract-world.ts'

for (const promptBy of ['argument', 'send'] as const) {
  runBackendContract({
    name: 'tmux',
    variant: `task by ${promptBy}`,
    runner: { describe, it },
    factory: tmux(),
    setup: () => contractWorld(promptBy),
    missing: () => (spawnSync('tmux', ['-V']).error === undefined ? null : 'tmux is not on PATH'),
  })
}
