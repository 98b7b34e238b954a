import type { Receipt } from '../../../src/agent.ts'
import type { AgentRef, Backend, CreateRequest, CreateResult, Observation } from '../../../src/backend.ts'
import type { MemoryOptions } from '../../../src/memory/index.ts'
import type { Breaker } from '../memory-world.ts'

/** A backend that is wrong in one way, and the cases that must notice it. */
export interface Mutant {
  /** What it does wrong. */
  readonly name: string
  /** For each case that must fail: words of the promise that it must name. */
  readonly fails: Readonly<Record<string, string>>
  /** Knobs of the memory backend underneath. */
  readonly options?: MemoryOptions
  readonly break: Breaker
}

/** The backend with each observation changed. */
export function withObservations(backend: Backend, change: (seen: Observation) => Observation): Backend {
  return {
    ...backend,
    async observe(agents, signal) {
      const result = await backend.observe(agents, signal)
      return { ...result, observations: result.observations.map(change) }
    },
  }
}

/** The backend, and every agent that it made. */
export function remembering(backend: Backend): { readonly backend: Backend; readonly made: AgentRef[] } {
  const made: AgentRef[] = []
  const create = async (request: CreateRequest, signal: AbortSignal): Promise<CreateResult> => {
    const result = await backend.create(request, signal)
    const { id, target, directory } = request
    made.push({ id, target, directory, handle: result.handle, facts: null, attempts: [] })
    return result
  }
  return { backend: { ...backend, create }, made }
}

/** A receipt that claims delivery. */
export function claimed(id: string): Receipt {
  const at = new Date().toISOString()
  const evidence = [{ source: 'api', detail: 'claimed', at } as const]
  return { messageId: id, delivery: 'confirmed', reason: null, evidence, at }
}

/** A field that hides what was seen. */
export const HIDDEN = { known: false, reason: { code: 'HIDDEN', text: 'Not looked at' } } as const

/** The value of a method that the memory backend has. */
export function must<T>(method: T | undefined): T {
  if (method === undefined) throw new Error('The memory backend lacks this method')
  return method
}
