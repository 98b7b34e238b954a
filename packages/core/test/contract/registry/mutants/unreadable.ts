import { OrchError } from '../../../../src/errors.ts'
import type { Mutant } from './mutant.ts'

export const unreadableMutants: readonly Mutant[] = [
  {
    name: 'list is empty on an error',
    fails: { 'unreadable-is-no-empty-list': "list('open') rejects while the store cannot be read" },
    break: (registry) => ({
      ...registry,
      list: (which) => registry.list(which).catch(() => ({ records: [], unreadable: [] })),
    }),
  },
  {
    name: 'ids is empty on an error',
    fails: { 'unreadable-is-no-empty-list': "ids('open') rejects while the store cannot be read" },
    break: (registry) => ({ ...registry, ids: (which) => registry.ids(which).catch(() => []) }),
  },
  {
    name: 'get is null on an error',
    fails: {
      'unreadable-hides-no-record': 'get() of a record that is there rejects while the store cannot be read',
      'ruined-record-is-named': 'get() of a ruined record rejects with RECORD_CORRUPT',
    },
    break: (registry) => ({ ...registry, get: (id) => registry.get(id).catch(() => null) }),
  },
  {
    name: 'errors of the system come through as they are',
    fails: { 'unreadable-hides-no-record': 'rejects with an OrchError while the store cannot be read' },
    break: (registry) => ({
      ...registry,
      get: (id) =>
        registry.get(id).catch((error: Error) => {
          throw new Error(error.message)
        }),
    }),
  },
  {
    name: 'a change that cannot be stored is a conflict',
    fails: {
      'unreadable-takes-no-change': 'append() says nothing about a record that it could not read, not CONFLICT',
    },
    break: (registry) => ({
      ...registry,
      append: (id, revision, update) =>
        registry.append(id, revision, update).catch(() => {
          throw new OrchError('CONFLICT', `Cannot change the record of "${id}": another process changed it meanwhile`)
        }),
    }),
  },
  {
    name: 'what cannot be stored is kept for later',
    fails: { 'unreadable-takes-no-change': 'create() rejects while the store cannot be read' },
    break: (registry) => ({
      ...registry,
      create: (record) =>
        registry.create(record).catch(() => ({ record, revision: 1, closed: false, skippedLines: [], damage: null })),
    }),
  },
  {
    name: 'one error is remembered for ever',
    fails: { 'unreadable-then-readable-goes-on': 'append() works when the store is readable again' },
    break(registry) {
      let broken: Promise<never> | null = null
      return {
        ...registry,
        list: (which) =>
          registry.list(which).catch((error: unknown) => {
            broken = Promise.reject(error)
            broken.catch(() => {})
            return broken
          }),
        append: (id, revision, update) => broken ?? registry.append(id, revision, update),
      }
    },
  },
]
