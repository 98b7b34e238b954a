import type { AgentRef, Capability } from '@orch/core'
import type { CaseContext, ContractOptions, World } from '@orch/core/contract'
import type { Program } from '../programs/program.ts'

/** One promise of a program and how it is tried. */
export interface ProgramCase {
  /** Stable, kebab-case. */
  readonly id: string
  /** What the program must declare so that the case has a meaning. */
  readonly requires: readonly Capability[]
  /** Whether it is about messages behind the task: not for a program that ends with its turn. @default false */
  readonly sends?: boolean
  /** Why it matters: what breaks for people when it does not hold. Printed when the case fails. */
  readonly because: string
  /** Throws when the promise is not kept. */
  run(t: ProgramContext): Promise<void>
}

/** What a case works with: that of the backend's contract, and what is said of the program. */
export interface ProgramContext extends CaseContext {
  readonly program: Program
  readonly place: ProgramWorld
}

/** A fresh place in which the program runs, on a tmux server of its own. Its requests run the program. */
export interface ProgramWorld
  extends Pick<World, 'backend' | 'prompts' | 'open' | 'request' | 'received' | 'finish' | 'leftovers' | 'dispose'> {
  /** The files of the user's own that a launch must leave as they are: paths. */
  readonly userFiles: readonly string[]
  /** What the program's window showed at each of its start-up screens, recorded, by their names. */
  readonly screens: Readonly<Record<string, string>>
  /** A text that the program would take for a command of its own. */
  readonly commandText: string
  /** The keys by which a person closes what the program asks: allows it, or breaks its turn off where no dialog is shown. */
  readonly closingKeys: readonly string[]
  /** Presses keys in the agent's window, as tmux names them. */
  press(agent: AgentRef, ...keys: readonly string[]): Promise<unknown>
  /** What the agent's window shows. */
  screen(agent: AgentRef): Promise<string>
  /** Ends the agent's program, as a crash does, and returns when it is gone. */
  crash(agent: AgentRef): Promise<void>
}

/** What a program's author gives to `runProgramContract`. */
export interface ProgramContractOptions
  extends Pick<ContractOptions, 'runner' | 'knownGaps' | 'missing' | 'patienceMs'> {
  /** Its capabilities select the cases. */
  readonly program: Program
  readonly setup: () => Promise<ProgramWorld>
}
