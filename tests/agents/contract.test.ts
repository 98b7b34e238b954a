import { describe, it } from '@jest/globals'
import { runProgramContract } from '@orch/backend-tmux/contract'
import { claude } from '../../packages/backend-tmux/src/programs/claude.ts'
import { codex } from '../../packages/backend-tmux/src/programs/codex.ts'
import { opencode } from '../../packages/backend-tmux/src/programs/opencode.ts'
import { programWorld } from './support/program-world.ts'

for (const program of [claude, codex, opencode]) {
  const name = program.spec.name as 'claude' | 'codex' | 'opencode'
  runProgramContract({ program, runner: { describe, it }, setup: () => programWorld(name), patienceMs: 60_000 })
}
