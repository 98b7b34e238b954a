import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { StoredRecord } from '../../../../src/registry/record.ts'
import type { RecordUpdate, Registry } from '../../../../src/registry/registry.ts'
import { type Mutant, must, turn } from './mutant.ts'

export const archiveMutants: readonly Mutant[] = [
  {
    name: 'archive forgets the record',
    fails: {
      'archive-makes-the-last-change-and-closes': 'get() returns the record that is there, and returned null',
      'list-tells-open-from-closed': 'list() has each closed record once and no other',
    },
    break: (registry, { directory }) => ({
      ...registry,
      async archive(id, revision, update) {
        const stored = await registry.archive(id, revision, update)
        rmSync(join(directory, 'ended', `${id}.jsonl`))
        return stored
      },
    }),
  },
  {
    name: 'archive closes without its last change',
    fails: { 'archive-makes-the-last-change-and-closes': 'archive() returns the changed record, closed' },
    break: (registry) => ({
      ...registry,
      archive: (id, revision, { type }) => registry.archive(id, revision, { type, set: {} }),
    }),
  },
  {
    name: 'archive leaves the record among the open ones',
    fails: { 'archive-makes-the-last-change-and-closes': 'list() has it among the closed ones' },
    break: (registry) => ({
      ...registry,
      archive: async (id, revision, update) => ({ ...(await registry.append(id, revision, update)), closed: true }),
    }),
  },
  {
    name: 'archive is refused and closes',
    fails: { 'archive-under-another-revision-closes-nothing': 'archive() under another revision changed nothing' },
    break: (registry) =>
      archiving(registry, async (id, update, error) => {
        const now = await registry.get(id)
        if (now !== null && !now.closed) await registry.archive(id, now.revision, update)
        throw error
      }),
  },
  {
    name: 'what is closed takes changes',
    fails: { 'archive-is-final': 'append() to a record closed as "completed" rejects with CONFLICT' },
    break: (registry) => ({
      ...registry,
      async append(id, revision, update) {
        const before = await registry.get(id)
        return before?.closed ? before : await registry.append(id, revision, update)
      },
    }),
  },
  {
    name: 'only completed and abandoned records are closed',
    fails: { 'archive-is-final': 'append() to a record closed as "failed" rejects with CONFLICT' },
    break: (registry) => ({
      ...registry,
      async archive(id, revision, update) {
        const over = update.set.lifecycle === 'completed' || update.set.lifecycle === 'abandoned'
        if (over) return await registry.archive(id, revision, update)
        return { ...(await registry.append(id, revision, update)), closed: true }
      },
    }),
  },
  {
    name: 'archive of what is closed resolves',
    fails: {
      'archive-is-final': 'archive() of a record closed as "completed" rejects with CONFLICT',
      'archive-has-one-winner': 'of several archive() calls under one revision exactly one resolves',
    },
    break: (registry) =>
      archiving(registry, async (id, _, error) => {
        const now = await registry.get(id)
        if (now?.closed) return now
        throw error
      }),
  },
  {
    name: 'a change that is under way still wins after the end',
    fails: {
      'archive-ends-all-appends': 'no append() resolves for a change after the one of archive()',
    },
    break: (registry, { directory, file }) => ({
      ...registry,
      async archive(id, revision, update) {
        const stored = await registry.append(id, revision, update)
        await turn()
        renameSync(file(id), join(directory, 'ended', `${id}.jsonl`))
        return { ...stored, closed: true }
      },
    }),
  },
  {
    name: 'archive closes every record',
    fails: { 'archive-leaves-the-others': 'archive() leaves the other records as they were' },
    break: (registry) => ({
      ...registry,
      async archive(id, revision, update) {
        const stored = await registry.archive(id, revision, update)
        for (const other of await registry.ids('open'))
          await registry.archive(other, (await must(registry, other)).revision, update)
        return stored
      },
    }),
  },
]

/** The store where something else happens when an archive is refused. */
function archiving(
  registry: Registry,
  then: (id: string, update: RecordUpdate, error: unknown) => Promise<StoredRecord>,
): Registry {
  return {
    ...registry,
    archive: (id, revision, update) =>
      registry.archive(id, revision, update).catch((error: unknown) => then(id, update, error)),
  }
}
