import { basename } from 'node:path'
import { isOrchError } from '../../../../src/errors.ts'
import type { RecordChange, StoredRecord } from '../../../../src/registry/record.ts'
import type { Registry } from '../../../../src/registry/registry.ts'
import { type Mutant, must } from './mutant.ts'

export const appendMutants: readonly Mutant[] = [
  {
    name: 'changes are merged into what is there',
    fails: { 'append-changes-only-what-it-names': 'append() returns the record with those fields replaced' },
    break: (registry) => ({
      ...registry,
      async append(id, revision, { type, set }) {
        const { labels } = (await must(registry, id)).record
        return await registry.append(id, revision, { type, set: { ...set, labels: { ...labels, ...set.labels } } })
      },
    }),
  },
  {
    name: 'append returns the record as it was',
    fails: { 'append-changes-only-what-it-names': 'append() returns the record with those fields replaced' },
    break: (registry) => ({
      ...registry,
      async append(id, revision, update) {
        const before = await registry.get(id)
        const after = await registry.append(id, revision, update)
        return { ...after, record: before?.record ?? after.record }
      },
    }),
  },
  {
    name: 'the expected revision is ignored',
    fails: {
      'append-under-another-revision-changes-nothing':
        'append() under revision 1 of a record at 2 rejects with CONFLICT',
      'append-has-one-winner': 'of several append() calls under one revision exactly one resolves',
      'archive-under-another-revision-closes-nothing':
        'archive() under revision 1 of a record at 2 rejects with CONFLICT',
    },
    break: (registry) => ({
      ...registry,
      append: (id, _, update) => latest(registry, id, (revision) => registry.append(id, revision, update)),
      archive: (id, _, update) => latest(registry, id, (revision) => registry.archive(id, revision, update)),
    }),
  },
  {
    name: 'a change is refused and made',
    fails: { 'append-under-another-revision-changes-nothing': 'of a record at 2 changed nothing' },
    break: (registry) =>
      onConflict(registry, async (id, set, error) => {
        const { revision } = await must(registry, id)
        await registry.append(id, revision, { type: 'x', set })
        throw error
      }),
  },
  {
    name: 'a refused change is made together with the next one',
    fails: { 'append-under-another-revision-changes-nothing': 'refused changes leave no trace in a later one' },
    break(registry) {
      let refused: RecordChange = {}
      return {
        ...registry,
        append: (id, revision, { type, set }) =>
          registry.append(id, revision, { type, set: { ...refused, ...set } }).catch((error: unknown) => {
            refused = { ...refused, ...set }
            throw error
          }),
      }
    },
  },
  {
    name: 'a change of nothing is taken',
    fails: { 'append-to-nothing-makes-nothing': 'append() without a record rejects with CONFLICT' },
    break: (registry) =>
      onConflict(registry, async (id, _, error) => {
        if ((await registry.get(id)) !== null) throw error
        return { revision: 1, closed: false, skippedLines: [], damage: null, record: { id } as never }
      }),
  },
  {
    name: 'a change undoes the one before',
    fails: { 'append-folds-in-order': 'the record is the sum of its changes in their order' },
    break: (registry) => ({
      ...registry,
      append: (id, revision, { type, set }) =>
        registry.append(id, revision, { type, set: { mode: 'build', model: 'vendor/model', ...set } }),
    }),
  },
  {
    name: 'a change is cut at 64 kB',
    fails: { 'append-keeps-large-and-strange-text': 'large and strange text is the same after append()' },
    break: (registry) => ({
      ...registry,
      append(id, revision, { type, set }) {
        const cut = JSON.stringify(set, (_, value) => (typeof value === 'string' ? value.slice(0, 65_536) : value))
        return registry.append(id, revision, { type, set: JSON.parse(cut) as RecordChange })
      },
    }),
  },
  {
    name: 'one of two changes at once is lost, and both are told that they won',
    fails: {
      'append-has-one-winner': 'of several append() calls under one revision exactly one resolves',
      'append-loses-none': 'every won change is in the record once',
    },
    break: (registry) =>
      onConflict(registry, async (id, set) => {
        const now = await must(registry, id)
        return { ...now, record: { ...now.record, ...set } }
      }),
  },
  {
    name: 'a won change is stored twice',
    fails: { 'append-loses-none': 'the revision counts every won change' },
    break: (registry) => ({
      ...registry,
      async append(id, revision, update) {
        const won = await registry.append(id, revision, update)
        return await registry.append(id, won.revision, update)
      },
    }),
  },
  {
    name: 'append returns the revision it was made on',
    fails: { 'append-loses-none': 'append() returns the record with the change, at a later revision' },
    break: (registry) => ({
      ...registry,
      append: async (id, revision, update) => ({ ...(await registry.append(id, revision, update)), revision }),
    }),
  },
  {
    name: 'a change goes to the record that was read last',
    fails: { 'append-stays-with-its-record': 'only its own changes' },
    break(registry) {
      let last: string | null = null
      return {
        ...registry,
        get(id) {
          last = id
          return registry.get(id)
        },
        append: (id, revision, update) => registry.append(last ?? id, revision, update),
      }
    },
  },
  {
    name: 'a change goes to the last part of a path',
    fails: { 'hostile-ids-change-nothing': 'no id, rejects with RangeError' },
    break: (registry) => ({
      ...registry,
      append: (id, revision, update) => registry.append(basename(id), revision, update),
    }),
  },
  {
    name: 'a change under a path is refused and made',
    fails: { 'hostile-ids-change-nothing': 'changes under no id left the record as it was' },
    break: (registry) => ({
      ...registry,
      async append(id, revision, update) {
        if (id.includes('/')) await registry.append(basename(id), revision, update).catch(() => {})
        return await registry.append(id, revision, update)
      },
    }),
  },
]

/** Changes the record at whatever revision it is. */
async function latest(
  registry: Registry,
  id: string,
  change: (revision: number) => Promise<StoredRecord>,
): Promise<StoredRecord> {
  const { revision } = await must(registry, id)
  return await change(revision).catch(() => latest(registry, id, change))
}

/** The store where something else happens when a change is refused. */
function onConflict(
  registry: Registry,
  then: (id: string, set: RecordChange, error: unknown) => Promise<StoredRecord>,
): Registry {
  return {
    ...registry,
    append: (id, revision, update) =>
      registry.append(id, revision, update).catch((error: unknown) => {
        if (isOrchError(error) && error.code === 'CONFLICT') return then(id, update.set, error)
        throw error
      }),
  }
}
