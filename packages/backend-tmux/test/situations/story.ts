import type { State } from '@orch/core'
import type { AgentProgram } from '../../../../tests/agents/support/agent-place.ts'
import type { Stage } from './stage.ts'

/** Keeps what one look sees now, under a name of its own, with the state that the story knows to be true. */
export type Keep = (name: string, truth: State) => Promise<void>

/** The programs of which situations are recorded. */
export type Recordable = Extract<AgentProgram, 'claude' | 'codex'>

/** Brings a real program into situations, one after the other. */
export interface Story {
  readonly name: string
  readonly program: Recordable
  tell(stage: Stage, keep: Keep): Promise<void>
}
