import { randomUUID } from 'node:crypto'
import { isAgentId } from '../../../src/agent-id.ts'
import { OrchError } from '../../../src/errors.ts'
import type { RecordEvent, StoredRecord } from '../../../src/registry/record.ts'
import type { RecordUpdate, Registry } from '../../../src/registry/registry.ts'

/** The one copy of the data of a store without files, as a server far away would hold it. */
export interface MemoryStore {
  readonly records: Map<string, StoredRecord>
  readonly events: Map<string, RecordEvent[]>
  readonly watchers: Set<(id: string | null) => void>
  reachable: boolean
}

/** A client of that store: each call is a round trip, each change is one compare and swap. */
export function createMemoryRegistry(store: MemoryStore): Registry {
  const { records } = store
  const change = async (id: string, revision: number, update: RecordUpdate, closed: boolean): Promise<StoredRecord> => {
    assertId(id)
    await roundTrip(store)
    const before = records.get(id)
    if (!before || before.closed || before.revision !== revision) throw refused('CONFLICT', id)
    note(store, id, update)
    return put(store, { ...before, record: { ...before.record, ...update.set }, revision: revision + 1, closed })
  }
  const having = async (which: 'open' | 'closed'): Promise<StoredRecord[]> => {
    await roundTrip(store)
    return structuredClone([...records.values()].filter(({ closed }) => closed === (which === 'closed')))
  }
  return {
    async create(record) {
      assertId(record.id)
      await roundTrip(store)
      if (records.has(record.id)) throw refused('AGENT_EXISTS', record.id)
      note(store, record.id, { type: 'created', set: record })
      return put(store, { record, revision: 1, closed: false, skippedLines: [], damage: null })
    },
    async get(id) {
      await roundTrip(store)
      return structuredClone(records.get(id) ?? null)
    },
    list: async (which) => ({ records: await having(which), unreadable: [] }),
    ids: async (which) => (await having(which)).map(({ record }) => record.id),
    append: (id, revision, update) => change(id, revision, update, false),
    archive: (id, revision, update) => change(id, revision, update, true),
    async events(id) {
      await roundTrip(store)
      return structuredClone(store.events.get(id) ?? null)
    },
    async remove(id) {
      assertId(id)
      await roundTrip(store)
      if (records.get(id)?.closed === false) throw refused('CONFLICT', id)
      store.events.delete(id)
      const removed = records.delete(id)
      if (removed) for (const tell of store.watchers) tell(id)
      return removed
    },
    watch: (signal) => watch(store, signal),
  }
}

function note({ events }: MemoryStore, id: string, { type, set }: Pick<RecordEvent, 'type' | 'set'>): void {
  const before = events.get(id) ?? []
  const at = new Date().toISOString()
  events.set(id, [...before, structuredClone({ v: 1, uid: randomUUID(), base: before.length, at, type, set })])
}

function put(store: MemoryStore, stored: StoredRecord): StoredRecord {
  store.records.set(stored.record.id, structuredClone(stored))
  for (const tell of store.watchers) tell(stored.record.id)
  return structuredClone(stored)
}

async function roundTrip(store: MemoryStore): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  if (!store.reachable) throw new OrchError('DISK', 'Cannot reach the store: it does not answer')
}

function assertId(id: string): void {
  if (!isAgentId(id)) throw new RangeError(`Not an agent id: ${JSON.stringify(id)}`)
}

function refused(code: 'CONFLICT' | 'AGENT_EXISTS', id: string): OrchError {
  return new OrchError(code, `Cannot change the record of "${id}": it is another one now`, { agent: id })
}

async function* watch(store: MemoryStore, signal: AbortSignal): AsyncIterable<string | null> {
  const queue: (string | null)[] = store.reachable ? [] : [null]
  let wake = (): void => {}
  const tell = (id: string | null): void => {
    queue.push(id)
    wake()
  }
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort, { once: true })
  store.watchers.add(tell)
  try {
    while (!signal.aborted) {
      if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      yield* queue.splice(0)
    }
  } finally {
    store.watchers.delete(tell)
    signal.removeEventListener('abort', onAbort)
  }
}
