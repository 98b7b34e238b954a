import type { Capability, Receipt } from '../agent.ts'
import type { AgentRef, Backend, CreateRequest, CreateResult, Message, Observation, Turn } from '../backend.ts'
import type { OpenOptions, World } from './world.ts'

/** One promise of the contract and how it is tried. */
export interface ContractCase {
  /** Stable, kebab-case, starts with the verb. */
  readonly id: string
  /** The capabilities without which the case has no meaning. */
  readonly requires: readonly Capability[]
  /** Why it matters: what breaks for people when it does not hold. Printed when the case fails. */
  readonly because: string
  /** Throws when the promise is not kept. */
  run(t: CaseContext): Promise<void>
}

/** What a case works with. Agents made and clients opened through it are stopped and closed after the case. */
export interface CaseContext {
  readonly world: World
  /** The client under test. */
  readonly backend: Backend
  /** Aborts when the case is over. */
  readonly signal: AbortSignal
  can(capability: Capability): boolean
  open(options?: OpenOptions): Promise<Backend>
  /** Creates an agent from a request, and remembers it for the end of the case. */
  create(request?: CreateRequest, backend?: Backend): Promise<Created>
  /** Remembers for the end of the case an agent that was made in another way. */
  adopt(agent: AgentRef): AgentRef
  /** Creates an agent and gives it its first prompt. */
  spawn(prompt: string, backend?: Backend): Promise<AgentRef>
  /** A message with an id of its own. */
  message(text: string): Message
  /** Sends a text; from then on it is one of the agent's attempts until it is seen to have arrived. */
  send(agent: AgentRef, text: string, backend?: Backend): Promise<Receipt>
  /** One look at one agent, with its open attempts. */
  observe(agent: AgentRef, backend?: Backend): Promise<Observation>
  /** Ends the server; from then on stopping an agent may fail because there is none. */
  killServer(): Promise<void>
  /** Runs `work` while the server does not answer, within the case's patience. */
  whileFrozen<T>(what: string, work: () => Promise<T>): Promise<T>
  /** Runs `work` on a server that does not answer and is then killed, within the case's patience. */
  whileDying<T>(what: string, work: () => Promise<T>): Promise<T>
  /** Looks until `look` returns something other than `undefined`; fails with `never: <what>` when patience ends. */
  eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T>
  /** Waits until the turn is as asked for. */
  turn(agent: AgentRef, status: Turn['status']): Promise<Turn>
  /** Waits until the program has got `text` and, where turns are shown, dealt with it. */
  rest(agent: AgentRef, text: string): Promise<void>
}

/** An agent as `create` returned it. */
export interface Created {
  readonly ref: AgentRef
  readonly request: CreateRequest
  readonly result: CreateResult
}
