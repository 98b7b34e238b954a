import type { Registry } from '../../registry/registry.ts'
import { ContractFailure } from '../check.ts'
import type { RegistryContext } from './case.ts'

/** A watch that collects what it is told. */
export interface Watcher {
  /** Ids, and `null` for "some may have been missed". */
  readonly told: readonly (string | null)[]
  /** Acts, and waits until that id is told of. */
  tells(what: string, id: string, act: () => Promise<unknown>): Promise<void>
  /** Aborts the watch and waits until it has returned. */
  end(): Promise<void>
}

/** Starts to watch; changes count from the moment this returns. */
export function follow(t: RegistryContext, registry: Registry = t.registry): Watcher {
  const controller = new AbortController()
  const told: (string | null)[] = []
  let over: 'no' | 'yes' | { readonly error: unknown } = 'no'
  const hasEnded = (): boolean => over !== 'no'
  const collect = async (): Promise<void> => {
    try {
      for await (const id of registry.watch(controller.signal)) told.push(id)
      over = 'yes'
    } catch (error) {
      over = { error }
    }
  }
  const collected = collect()
  t.signal.addEventListener('abort', () => controller.abort(t.signal.reason), { once: true })
  return {
    told,
    async tells(what, id, act) {
      const from = told.length
      await act()
      await t.eventually(`watch() tells of ${what}`, () => {
        if (told.slice(from).includes(id)) return true
        if (hasEnded()) throw new ContractFailure(`watch() ended before it told of ${what}`)
        return undefined
      })
    },
    async end() {
      controller.abort(new Error('the watcher left'))
      await t.eventually('watch() returns after its signal aborted', () => hasEnded() || undefined)
      await collected
      if (typeof over === 'object') throw new ContractFailure(`watch() returns when aborted, and threw: ${over.error}`)
    },
  }
}
