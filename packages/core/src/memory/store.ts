import { EMPTY_SERVER, type ServerState } from './state.ts'

/** Where a memory server keeps its state. States are never changed in place once they were read. */
export interface MemoryStore {
  /** Tells one server from another. */
  readonly name: string
  read(): ServerState
  /** Applies `change` to a copy of the newest state, alone: of two at once, the second sees what the first did. */
  change<T>(change: (state: ServerState) => T): T
  /** Calls `onChange` after each change; the returned function ends that. */
  watch(onChange: () => void): () => void
}

/** A store inside this process. */
export function createProcessStore(name: string): MemoryStore {
  let current = EMPTY_SERVER
  const watchers = new Set<() => void>()
  return {
    name,
    read: () => current,
    change(change) {
      const next = structuredClone(current)
      const result = change(next)
      current = next
      for (const onChange of [...watchers]) onChange()
      return result
    },
    watch(onChange) {
      watchers.add(onChange)
      return () => void watchers.delete(onChange)
    },
  }
}
