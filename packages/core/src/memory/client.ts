import type { AgentRef } from '../backend.ts'
import { OrchError } from '../errors.ts'
import type { JsonValue } from '../json.ts'
import { recheck } from '../timing.ts'
import type { AgentState, ServerState } from './state.ts'
import type { MemoryStore } from './store.ts'

/** How the backend reaches its server. */
export interface MemoryClient {
  /** The state now. @throws OrchError `BACKEND_UNREACHABLE` when the server does not answer in time. */
  look(signal: AbortSignal): Promise<ServerState>
  /** Changes the state, after the same wait. */
  change<T>(signal: AbortSignal, change: (state: ServerState) => T): Promise<T>
  watch(onChange: () => void): () => void
}

/** Connects to a store; a frozen server is waited for at most `deadlineMs`. */
export function connect(store: MemoryStore, deadlineMs: number): MemoryClient {
  const look = async (signal: AbortSignal): Promise<ServerState> => {
    const state = await recheck(() => answering(store.read()), { timeoutMs: deadlineMs, signal })
    if (state) return state
    throw new OrchError('BACKEND_UNREACHABLE', `Cannot reach the memory server: no answer within ${deadlineMs} ms`, {
      hint: 'Try again once the server answers',
      retryable: true,
    })
  }
  return {
    look,
    async change(signal, change) {
      await look(signal)
      return store.change(change)
    },
    watch: (onChange) => store.watch(onChange),
  }
}

/** The agent that `ref` means, or `undefined`: its handle decides, and without one its newest agent. */
export function locate(state: ServerState, namespace: string, ref: AgentRef): AgentState | undefined {
  const key = (ref.handle as { key?: string } | null)?.key
  return state.agents.findLast(
    (agent) => agent.namespace === namespace && agent.id === ref.id && (!key || agent.key === key),
  )
}

/** Refuses targets of another server. @throws OrchError `BACKEND_UNREACHABLE` */
export function checkTarget(own: JsonValue, targets: readonly JsonValue[]): void {
  const other = targets.find((target) => !isSameTarget(own, target))
  if (other === undefined) return
  throw new OrchError(
    'BACKEND_UNREACHABLE',
    `Cannot reach memory server ${JSON.stringify(other)}: this is another one`,
    {
      hint: 'Configure the backend with the directory of that server',
    },
  )
}

/** Whether both mean the same server. */
export function isSameTarget(one: JsonValue, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Whether its program runs in the server incarnation that is there now. */
export function isLive(state: ServerState, agent: AgentState): boolean {
  return state.status !== 'down' && agent.epoch === state.epoch
}

function answering(state: ServerState): ServerState | undefined {
  return state.status === 'frozen' ? undefined : state
}
