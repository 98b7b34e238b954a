import { describe, it } from '@jest/globals'
import type { ProgramModule } from '@orch/backend-tmux'
import { runProgramContract } from '@orch/backend-tmux/contract'
import { clerkWorld } from './support/clerk-world.ts'
import { CLERK } from './support/hooked-world.ts'

const { program } = (await import(CLERK)) as ProgramModule

runProgramContract({ program, runner: { describe, it }, setup: () => clerkWorld() })
