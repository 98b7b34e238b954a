import type { AgentRequest, Exit, FinalAnswer, Item, TurnUsage, Usage } from '../agent.ts'
import type { PermissionMode, Turn } from '../backend.ts'
import type { Step } from './script.ts'

/** A message as the simulated program got it. */
export interface StoredMessage {
  readonly id: string
  readonly text: string
  /** The contents of the files that came with it, base64. */
  readonly files?: readonly string[]
}

/** Where a turn began. */
export interface TurnStart {
  readonly messageId: string
  /** How many items there were. */
  readonly items: number
}

/** One agent on the server. Plain JSON: a store may keep it in a file. */
export interface AgentState {
  id: string
  /** Which registry it belongs to; `''`: nobody's. */
  namespace: string
  /** Tells it from an earlier agent of the same id. */
  readonly key: string
  readonly title: string
  readonly program: string | null
  /** `allow` and `deny`: nothing is asked. */
  readonly permission: PermissionMode | null
  /** The server incarnation in which it last ran. */
  epoch: string
  begun: boolean
  stopped: boolean
  exit: Exit | null
  /** Its program and what that started do not end when they are only asked to. */
  stubborn: boolean
  turn: Turn
  /** Of the newest turn; `null` before the first. */
  start: TurnStart | null
  /** What the turns that ended well came to, by message. */
  answers: Record<string, FinalAnswer>
  /** What the open turn still has to do. */
  steps: Step[]
  /** Messages that wait behind the open turn. */
  queue: StoredMessage[]
  received: StoredMessage[]
  items: Item[]
  requests: AgentRequest[]
  /** Requests that were answered, by id. */
  answered: string[]
  usage: Usage
  /** What each turn used, oldest first. */
  turnUsages: TurnUsage[]
  lastActivityAt: string
}

/** The whole server. `frozen`: it runs and does not answer. */
export interface ServerState {
  status: 'down' | 'up' | 'frozen'
  /** `''` until it first runs. */
  epoch: string
  agents: AgentState[]
}

/** A server that never ran. */
export const EMPTY_SERVER: ServerState = { status: 'down', epoch: '', agents: [] }
