import type { Registry } from '../../../../src/registry/registry.ts'
import type { Mutant } from './mutant.ts'

export const watchMutants: readonly Mutant[] = [
  {
    name: 'watch is silent',
    fails: {
      'watch-tells-of-a-create': 'watch() tells of a record that was created',
      'watch-tells-of-a-change': 'watch() tells of a record that was changed',
      'watch-tells-of-an-archive': 'watch() tells of a record that was archived',
      'watch-tells-only-of-records': 'watch() tells of a record that was archived',
      'watch-serves-several': 'watch() tells of a change, to the second of two watchers',
      'watch-ends-when-aborted': 'watch() tells of a change',
    },
    break: (registry) => ({ ...registry, watch: (signal) => only(registry, signal, () => false) }),
  },
  {
    name: 'watch tells only what its own client did',
    fails: {
      'watch-tells-of-a-create': 'watch() tells of a record that was created',
      'watch-tells-of-an-archive': 'watch() tells of a record that was archived',
    },
    break(registry) {
      const mine = new Set<string>()
      return {
        ...registry,
        create(record) {
          mine.add(record.id)
          return registry.create(record)
        },
        archive(id, revision, update) {
          mine.add(id)
          return registry.archive(id, revision, update)
        },
        watch(signal) {
          mine.clear()
          return only(registry, signal, (id) => id !== null && mine.has(id))
        },
      }
    },
  },
  {
    name: 'watch tells of files that are no records',
    fails: { 'watch-tells-only-of-records': 'watch() tells of nothing but the records that changed' },
    break: (registry) => ({
      ...registry,
      async *watch(signal) {
        for await (const id of registry.watch(signal)) {
          yield `scratch-${id}`
          yield id
        }
      },
    }),
  },
  {
    name: 'the end of one watch ends all',
    fails: { 'watch-serves-several': 'watch() ended before it told of a change after another watcher left' },
    break(registry) {
      const all = new AbortController()
      return {
        ...registry,
        watch(signal) {
          signal.addEventListener('abort', () => all.abort(signal.reason), { once: true })
          return registry.watch(all.signal)
        },
      }
    },
  },
  {
    name: 'watch never returns',
    fails: {
      'watch-ends-when-aborted': 'watch() returns after its signal aborted',
      'watch-under-an-aborted-signal-ends': 'watch() under an aborted signal returns',
    },
    break: (registry) => ({
      ...registry,
      async *watch(signal) {
        yield* registry.watch(signal)
        await new Promise(() => {})
      },
    }),
  },
  {
    name: 'watch throws when it is aborted',
    fails: { 'watch-ends-when-aborted': 'watch() returns when aborted, and threw' },
    break: (registry) => ({
      ...registry,
      async *watch(signal) {
        yield* registry.watch(signal)
        signal.throwIfAborted()
      },
    }),
  },
  {
    name: 'watch keeps to itself what it cannot watch',
    fails: { 'unreadable-is-not-quiet-for-a-watcher': 'says that changes may be missed, or rejects' },
    break: (registry) => ({ ...registry, watch: (signal) => only(registry, signal, (id) => id !== null) }),
  },
]

async function* only(
  registry: Registry,
  signal: AbortSignal,
  isTold: (id: string | null) => boolean,
): AsyncIterable<string | null> {
  for await (const id of registry.watch(signal)) if (isTold(id)) yield id
}
