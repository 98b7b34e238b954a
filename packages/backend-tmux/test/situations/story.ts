import type { State } from '@orch/core'
import type { Stage } from './stage.ts'

/** Keeps what one look sees now, under a name of its own, with the state that the story knows to be true. */
export type Keep = (name: string, truth: State) => Promise<void>

/** The programs of which situations are recorded. */
export type Recordable = 'claude' | 'codex' | 'opencode' | 'opencode-run'

/** Brings a real program into situations, one after the other. */
export interface Story {
  readonly name: string
  readonly program: Recordable
  tell(stage: Stage, keep: Keep): Promise<void>
}
