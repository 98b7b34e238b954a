import { basename } from 'node:path'
import type { StoredRecord } from '../../../../src/registry/record.ts'
import { type Mutant, withReads } from './mutant.ts'

export const lookMutants: readonly Mutant[] = [
  {
    name: 'get takes any beginning of an id',
    fails: { 'get-of-nothing-is-null': 'returns null' },
    break: (registry) => ({
      ...registry,
      async get(id) {
        const whole = (await registry.ids('open')).find((one) => id !== '' && one.startsWith(id))
        return await registry.get(whole ?? id)
      },
    }),
  },
  {
    name: 'get takes the last part of a path',
    fails: { 'get-by-a-hostile-id-is-null': 'no id, returns null' },
    break: (registry) => ({ ...registry, get: (id) => registry.get(basename(id)) }),
  },
  {
    name: 'get ignores what stands around an id, and capitals',
    fails: { 'get-by-a-hostile-id-is-null': 'no id, returns null' },
    break: (registry) => ({ ...registry, get: (id) => registry.get(id.trim().toLowerCase()) }),
  },
  {
    name: 'each client keeps what it read',
    fails: { 'get-sees-what-others-did': 'a client that read the record before sees its change' },
    break(registry) {
      const kept = new Map<string, StoredRecord>()
      return {
        ...registry,
        async get(id) {
          const stored = kept.get(id) ?? (await registry.get(id))
          if (stored !== null) kept.set(id, stored)
          return stored
        },
      }
    },
  },
  {
    name: 'each client keeps which ids are there no record of',
    fails: { 'get-sees-what-others-did': 'a client that was open before sees a new record' },
    break(registry) {
      const known = registry.ids('open')
      return { ...registry, get: async (id) => ((await known).includes(id) ? registry.get(id) : null) }
    },
  },
  {
    name: 'results hold a set',
    fails: { 'get-results-survive-json': 'every result is the same after JSON' },
    break: (registry) => withReads(registry, (stored) => ({ ...stored, uids: new Set(['one']) })),
  },
  {
    name: 'times are dates',
    fails: { 'get-results-survive-json': 'every result is the same after JSON' },
    break: (registry) =>
      withReads(registry, ({ record, ...stored }) => {
        return { ...stored, record: { ...record, spawnedAt: new Date(record.spawnedAt) as never } }
      }),
  },
  {
    name: 'the files of the store itself are listed',
    fails: { 'list-of-a-fresh-store-is-empty': 'list() of a fresh store is empty' },
    break: (registry) => ({
      ...registry,
      async list(which) {
        const { records, unreadable } = await registry.list(which)
        return { records, unreadable: [...unreadable, { id: 'lock', place: 'lock', reason: 'It is no record' }] }
      },
    }),
  },
  {
    name: 'list does not tell open from closed',
    fails: { 'list-tells-open-from-closed': 'list() has each open record once and no other' },
    break: (registry) => ({
      ...registry,
      async list() {
        const [open, closed] = [await registry.list('open'), await registry.list('closed')]
        return { records: [...open.records, ...closed.records], unreadable: [] }
      },
    }),
  },
  {
    name: 'ids has the open ones only',
    fails: { 'list-tells-open-from-closed': 'ids() has the ids of the closed records' },
    break: (registry) => ({ ...registry, ids: () => registry.ids('open') }),
  },
  {
    name: 'list stops after 50',
    fails: { 'list-of-many': 'list() has as many records as were made' },
    break: (registry) => ({
      ...registry,
      async list(which) {
        const { records, unreadable } = await registry.list(which)
        return { records: records.slice(0, 50), unreadable }
      },
    }),
  },
  {
    name: 'ids stops after 50',
    fails: { 'list-of-many': 'ids() has as many ids as records were made' },
    break: (registry) => ({ ...registry, ids: async (which) => (await registry.ids(which)).slice(0, 50) }),
  },
]
