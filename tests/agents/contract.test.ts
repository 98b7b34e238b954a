import { describe, it } from '@jest/globals'
import { knownProgram, type Program } from '@orch/backend-tmux'
import { runProgramContract } from '@orch/backend-tmux/contract'
import { programWorld } from './support/program-world.ts'

const worlds = {
  claude: () => programWorld('claude'),
  codex: () => programWorld('codex'),
  opencode: () => programWorld('opencode'),
  'opencode-run': () => programWorld('opencode', ['run']),
}

for (const [name, setup] of Object.entries(worlds)) {
  const program = knownProgram(name) as Program
  runProgramContract({ program, runner: { describe, it }, setup, patienceMs: 60_000 })
}
