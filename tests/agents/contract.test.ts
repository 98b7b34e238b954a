import { describe, it } from '@jest/globals'
import { knownProgram, type Program } from '@orch/backend-tmux'
import { runProgramContract } from '@orch/backend-tmux/contract'
import { programWorld } from './support/program-world.ts'

for (const name of ['claude', 'codex', 'opencode'] as const) {
  const program = knownProgram(name) as Program
  runProgramContract({ program, runner: { describe, it }, setup: () => programWorld(name), patienceMs: 60_000 })
}
