import { spawnSync } from 'node:child_process'
import { describe, it } from '@jest/globals'
import { tmux } from '@orch/backend-tmux'
import { runBackendContract } from '@orch/core/contract'
import { contractWorld } from './support/contract-world.ts'

runBackendContract({
  name: 'tmux',
  variant: 'a bare program, task by send',
  runner: { describe, it },
  factory: tmux(),
  setup: () => contractWorld('send'),
  missing: () => (spawnSync('tmux', ['-V']).error === undefined ? null : 'tmux is not on PATH'),
})
