import { describe, it } from '@jest/globals'
import { type RegistryWorld, runRegistryContract } from '../../../src/contract/index.ts'
import { createMemoryRegistry, type MemoryStore } from './memory-registry.ts'

const setup = async (): Promise<RegistryWorld> => {
  const store: MemoryStore = { records: new Map(), events: new Map(), watchers: new Set(), reachable: true }
  const open = () => createMemoryRegistry(store)
  return {
    registry: open(),
    open: async () => open(),
    async breakStore() {
      store.reachable = false
    },
    async mendStore() {
      store.reachable = true
    },
    dispose: async () => store.records.clear(),
  }
}

runRegistryContract({ name: 'memory', runner: { describe, it }, setup, patienceMs: 5_000 })
