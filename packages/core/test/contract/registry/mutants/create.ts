import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isOrchError } from '../../../../src/errors.ts'
import type { AgentRecord, StoredRecord } from '../../../../src/registry/record.ts'
import type { Registry } from '../../../../src/registry/registry.ts'
import { type Mutant, turn } from './mutant.ts'

export const createMutants: readonly Mutant[] = [
  {
    name: 'create forgets who the owner is',
    fails: { 'create-is-whole': 'get() returns the created record whole' },
    break: (registry) => storing(registry, (record) => ({ ...record, owner: null })),
  },
  {
    name: 'create returns revision 0',
    fails: { 'create-is-whole': 'create() returns the whole record at revision 1' },
    break: (registry) => ({
      ...registry,
      create: async (record) => ({ ...(await registry.create(record)), revision: 0 }),
    }),
  },
  {
    name: 'create stores the task in a second step',
    fails: { 'create-shows-nothing-half-made': 'get() beside a create() finds the whole record' },
    break: (registry) => ({
      ...registry,
      async create(record) {
        const made = await registry.create({ ...record, task: '' })
        await turn()
        await registry.append(record.id, 1, { type: 'whole', set: { task: record.task } })
        return { ...made, record }
      },
    }),
  },
  {
    name: 'create claims the name with an empty file',
    fails: { 'create-shows-nothing-half-made': 'get() beside a create() finds a whole record or none' },
    break: (registry, { file }) => ({
      ...registry,
      async create(record) {
        writeFileSync(file(record.id), '', { flag: 'wx' })
        await turn()
        rmSync(file(record.id))
        return await registry.create(record)
      },
    }),
  },
  {
    name: 'create overwrites',
    fails: {
      'create-of-a-taken-id-is-refused': 'create() of a taken id rejects with AGENT_EXISTS',
      'create-has-one-winner': 'of ten create() calls for one id exactly one resolves',
      'ruined-record-keeps-its-id': 'create() of the id of a ruined record rejects with AGENT_EXISTS',
    },
    break: (registry, { file }) => ({
      ...registry,
      async create(record) {
        rmSync(file(record.id), { force: true })
        return await registry.create(record)
      },
    }),
  },
  {
    name: 'create refuses a taken id and changes its record',
    fails: { 'create-of-a-taken-id-is-refused': 'a refused create() leaves the record that is there' },
    break: (registry) => ({
      ...registry,
      create: (record) =>
        registry.create(record).catch(async (error: unknown) => {
          const update = { type: 'x', set: { task: record.task } }
          if (isOrchError(error)) await registry.append(record.id, 1, update).catch(() => {})
          throw error
        }),
    }),
  },
  {
    name: 'create looks only at the open records',
    fails: { 'create-of-a-closed-id-is-refused': 'create() of the id of a closed record rejects with AGENT_EXISTS' },
    break: (registry, { directory }) => ({
      ...registry,
      async create(record) {
        rmSync(join(directory, 'ended', `${record.id}.jsonl`), { force: true })
        return await registry.create(record)
      },
    }),
  },
  {
    name: 'create tells every caller that it won',
    fails: { 'create-has-one-winner': 'of ten create() calls for one id exactly one resolves' },
    break: (registry) => ({
      ...registry,
      create: (record) =>
        registry.create(record).catch((): StoredRecord => {
          return { record, revision: 1, closed: false, skippedLines: [], damage: null }
        }),
    }),
  },
  {
    name: 'create cuts a task at 64 kB',
    fails: { 'create-keeps-a-megabyte': 'a task of a megabyte has its length after create()' },
    break: (registry) => storing(registry, (record) => ({ ...record, task: record.task.slice(0, 65_536) })),
  },
  {
    name: 'create replaces halves of characters',
    fails: { 'create-keeps-every-character': 'a task of strange characters is the same after create()' },
    break: (registry) => storing(registry, (record) => ({ ...record, task: Buffer.from(record.task).toString() })),
  },
  {
    name: 'create makes a file name of any id',
    fails: { 'hostile-ids-are-not-created': 'no id, rejects with RangeError' },
    break: (registry) => ({
      ...registry,
      create: (record) => registry.create({ ...record, id: record.id.replace(/[^a-z0-9]+/g, '').slice(0, 64) || 'x' }),
    }),
  },
]

/** The store where another record is stored than the one given. */
function storing(registry: Registry, change: (record: AgentRecord) => AgentRecord): Registry {
  return { ...registry, create: async (record) => ({ ...(await registry.create(change(record))), record }) }
}
