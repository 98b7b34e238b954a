import { appendFileSync } from 'node:fs'
import { type Mutant, must, withReads } from './mutant.ts'

export const damageMutants: readonly Mutant[] = [
  {
    name: 'a torn line hides the change before it',
    fails: { 'torn-change-leaves-its-record': 'the record is as it was before the torn change' },
    break: (registry) =>
      withReads(registry, (stored) => {
        if (stored.skippedLines.length === 0) return stored
        return { ...stored, record: { ...stored.record, model: 'vendor/model' }, revision: stored.revision - 1 }
      }),
  },
  {
    name: 'a torn line is taken for damage',
    fails: {
      'torn-change-leaves-its-record': 'a torn change is no damage',
      'torn-change-takes-no-neighbour': 'a change after a torn one is stored',
    },
    break: (registry) =>
      withReads(registry, (stored) => {
        const damage = { code: 'RECORD_CORRUPT', text: 'A line is torn' }
        return { ...stored, damage: stored.skippedLines.length > 0 ? damage : null }
      }),
  },
  {
    name: 'a torn line is not told of',
    fails: { 'torn-change-leaves-its-record': 'a torn change is named in skippedLines' },
    break: (registry) => withReads(registry, (stored) => ({ ...stored, skippedLines: [] })),
  },
  {
    name: 'a change goes on where a torn line ends',
    fails: { 'torn-change-takes-no-neighbour': 'a change after a torn one is stored' },
    break: (registry, { file }) => ({
      ...registry,
      async append(id, revision, update) {
        const before = await must(registry, id)
        const event = { v: 1, uid: `${Math.random()}`, base: revision, at: new Date().toISOString(), ...update }
        appendFileSync(file(id), `${JSON.stringify(event)}\n`)
        return { ...before, record: { ...before.record, ...update.set }, revision: revision + 1 }
      },
    }),
  },
  {
    name: 'a missing change is hidden',
    fails: { 'missing-change-is-reported': 'get() reports that a change is missing' },
    break: (registry) => withReads(registry, (stored) => ({ ...stored, damage: null })),
  },
  {
    name: 'list hides a missing change',
    fails: { 'missing-change-is-reported': 'list() reports that a change is missing' },
    break: (registry) => ({ ...withReads(registry, (stored) => ({ ...stored, damage: null })), get: registry.get }),
  },
  {
    name: 'list leaves out what it cannot read',
    fails: { 'ruined-record-is-named': 'list() names the ruined record' },
    break: (registry) => ({
      ...registry,
      list: async (which) => ({ records: (await registry.list(which)).records, unreadable: [] }),
    }),
  },
  {
    name: 'a ruined record hides the others',
    fails: { 'ruined-record-is-named': 'list() has the other records' },
    break: (registry) => ({
      ...registry,
      async list(which) {
        const { records, unreadable } = await registry.list(which)
        return unreadable.length > 0 ? { records: [], unreadable } : { records, unreadable }
      },
    }),
  },
]
