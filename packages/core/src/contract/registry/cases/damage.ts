import { check, checkEqual, checkRejects } from '../../check.ts'
import type { RegistryCase } from '../case.ts'

export const damageCases: readonly RegistryCase[] = [
  {
    id: 'torn-change-leaves-its-record',
    requires: ['torn'],
    because: 'any orch process may be killed while it writes, and nothing that was stored before may suffer',
    async run(t) {
      const { record } = await t.create()
      const before = await t.registry.append(record.id, 1, t.change({ model: 'two' }))
      await t.damage(record.id, 'torn')
      const stored = await t.stored(record.id)
      checkEqual(stored.record, before.record, 'the record is as it was before the torn change')
      checkEqual(stored.revision, before.revision, 'a torn change is no revision')
      checkEqual(stored.damage, null, 'a torn change is no damage: nobody was told that it is stored')
      check(stored.skippedLines.length > 0, 'a torn change is named in skippedLines')
    },
  },
  {
    id: 'torn-change-takes-no-neighbour',
    requires: ['torn'],
    because: 'the next change would be told as stored, and be unreadable together with the torn one',
    async run(t) {
      const { record } = await t.create()
      const other = await t.create()
      for (const revision of [1, 2]) {
        await t.damage(record.id, 'torn')
        const set = { model: `model ${revision}` }
        const changed = await t.registry.append(record.id, revision, t.change(set))
        checkEqual(changed.revision, revision + 1, 'append() after a torn change wins')
        const stored = await t.stored(record.id)
        checkEqual(stored, changed, 'a change after a torn one is stored')
        checkEqual(stored.record, { ...record, ...set }, 'a change after a torn one is whole')
        checkEqual(stored.damage, null, 'a change after a torn one leaves the record sound')
      }
      checkEqual(await t.stored(other.record.id), other, 'another record is as it was')
      const { records, unreadable } = await t.registry.list('open')
      checkEqual([records.length, unreadable.length], [2, 0], 'list() has the record and its neighbour')
    },
  },
  {
    id: 'missing-change-is-reported',
    requires: ['missing'],
    because: 'a record without one of its changes looks sound and leads to a wrong handle or an ended agent',
    async run(t) {
      const { record } = await t.create()
      await t.registry.append(record.id, 1, t.change({ model: 'two' }))
      await t.registry.append(record.id, 2, t.change({ mode: 'plan' }))
      await t.damage(record.id, 'missing')
      const stored = await t.stored(record.id)
      checkEqual(stored.damage?.code, 'RECORD_CORRUPT', 'get() reports that a change is missing')
      const { records, unreadable } = await t.registry.list('open')
      checkEqual(unreadable, [], 'a record without one of its changes is still listed')
      checkEqual(records, [stored], 'list() reports that a change is missing')
    },
  },
  {
    id: 'ruined-record-is-named',
    requires: ['ruined'],
    because: 'its agent may still run: a record that silently disappears leaves it alone for ever',
    async run(t) {
      const { record } = await t.create()
      const others = [await t.create(), await t.create()]
      await t.damage(record.id, 'ruined')
      await checkRejects(
        t.registry.get(record.id),
        ['RECORD_CORRUPT'],
        'get() of a ruined record rejects with RECORD_CORRUPT',
      )
      const { records, unreadable } = await t.registry.list('open')
      checkEqual(
        unreadable.map(({ id }) => id),
        [record.id],
        'list() names the ruined record',
      )
      for (const { place, reason } of unreadable)
        check(place !== '' && reason !== '', 'list() says where the ruined record is, and what is wrong with it')
      const byId = others.toSorted((a, b) => a.record.id.localeCompare(b.record.id))
      const listed = records.toSorted((a, b) => a.record.id.localeCompare(b.record.id))
      checkEqual(listed, byId, 'list() has the other records')
      check((await t.registry.ids('open')).includes(record.id), 'ids() has the ruined record')
    },
  },
  {
    id: 'ruined-record-keeps-its-id',
    requires: ['ruined'],
    because: 'a second agent under its id would be mixed up with the one that may still run',
    async run(t) {
      const { record } = await t.create()
      await t.damage(record.id, 'ruined')
      const created = t.registry.create(t.record({ id: record.id }))
      await checkRejects(created, ['AGENT_EXISTS'], 'create() of the id of a ruined record rejects with AGENT_EXISTS')
      const changed = t.registry.append(record.id, 1, t.change({ model: 'two' }))
      await checkRejects(changed, ['RECORD_CORRUPT'], 'append() to a ruined record rejects with RECORD_CORRUPT')
      const closed = t.registry.archive(record.id, 1, t.change({ lifecycle: 'completed' }))
      await checkRejects(closed, ['RECORD_CORRUPT'], 'archive() of a ruined record rejects with RECORD_CORRUPT')
    },
  },
]
