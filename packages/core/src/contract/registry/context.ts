import { randomUUID } from 'node:crypto'
import { recheck } from '../../timing.ts'
import { ContractFailure } from '../check.ts'
import type { RegistryContext } from './case.ts'
import { sampleRecord } from './sample-record.ts'
import type { RegistryWorld } from './world.ts'

/** Makes the context of one case. */
export function createRegistryContext(world: RegistryWorld, signal: AbortSignal, patienceMs: number): RegistryContext {
  const { registry } = world
  const context: RegistryContext = {
    world,
    registry,
    signal,
    clients: (count) => Promise.all(Array.from({ length: count }, () => world.open())),
    record: (fields) => sampleRecord({ id: `agent-${randomUUID()}`, ...fields }),
    create: (fields) => registry.create(context.record(fields)),
    async stored(id, client = registry) {
      const stored = await client.get(id)
      if (stored === null) throw new ContractFailure('get() returns the record that is there, and returned null')
      return stored
    },
    change: (set) => ({ type: 'changed', set }),
    async damage(id, how) {
      if (!world.damage) throw new ContractFailure(`a world of a store that lists "${how}" in damages has damage()`)
      await world.damage(id, how)
    },
    during: (work, look) => during(work, look, { patienceMs, signal }),
    async eventually(what, look) {
      const seen = await recheck(look, { timeoutMs: patienceMs, signal })
      if (seen === undefined) throw new ContractFailure(`never within ${patienceMs} ms: ${what}`)
      return seen
    },
  }
  return context
}

async function during<T>(
  work: Promise<T>,
  look: () => Promise<void>,
  limits: { readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<T> {
  let over = false
  const end = (): void => {
    over = true
  }
  work.then(end, end)
  const lookOnce = async (): Promise<true | undefined> => {
    const last = over
    await look()
    return last || undefined
  }
  const { patienceMs: timeoutMs, signal } = limits
  const ended = await recheck(lookOnce, { timeoutMs, everyMs: 0, signal })
  if (!ended) throw new ContractFailure(`never within ${timeoutMs} ms: the call ends`)
  return await work
}
