import type { StoredRecord } from '../../../registry/record.ts'
import { check, checkEqual, checkRejects, settle } from '../../check.ts'
import type { RegistryCase } from '../case.ts'
import { checkOneWinner, contend } from '../contend.ts'
import { STRANGE_TEXT } from '../hostile.ts'

export const appendCases: readonly RegistryCase[] = [
  {
    id: 'append-changes-only-what-it-names',
    requires: [],
    because: 'two processes change different fields of one record, and neither knows the other one',
    async run(t) {
      const { record } = await t.create({ handle: { a: 1 }, labels: { a: '1' } })
      const set = { handle: { b: 2 }, labels: { b: '2' }, model: null, prompt: null }
      const changed = await t.registry.append(record.id, 1, t.change(set))
      const expected = { record: { ...record, ...set }, revision: 2, closed: false, skippedLines: [], damage: null }
      checkEqual(changed, expected, 'append() returns the record with those fields replaced, one revision on')
      checkEqual(await t.stored(record.id), expected, 'get() returns what append() returned')
    },
  },
  {
    id: 'append-under-another-revision-changes-nothing',
    requires: [],
    because: 'a change that was decided on an old record undoes what happened meanwhile',
    async run(t) {
      const { record } = await t.create()
      const now = await t.registry.append(record.id, 1, t.change({ model: 'two' }))
      for (const revision of [1, 0, -1, 3, 4, 99, 1.5]) {
        await checkRejects(
          t.registry.append(record.id, revision, t.change({ model: `under ${revision}` })),
          ['CONFLICT'],
          `append() under revision ${revision} of a record at 2 rejects with CONFLICT`,
        )
        checkEqual(
          await t.stored(record.id),
          now,
          `append() under revision ${revision} of a record at 2 changed nothing`,
        )
      }
      const next = await t.registry.append(record.id, 2, t.change({ mode: 'plan' }))
      const expected = { ...now, record: { ...now.record, mode: 'plan' }, revision: 3 }
      checkEqual(next, expected, 'refused changes leave no trace in a later one')
    },
  },
  {
    id: 'append-to-nothing-makes-nothing',
    requires: [],
    because: 'a record that was never created has no task and no owner, and would be listed for ever',
    async run(t) {
      const { id } = t.record()
      for (const revision of [0, 1]) {
        const appended = t.registry.append(id, revision, t.change({ model: 'two' }))
        await checkRejects(appended, ['CONFLICT'], 'append() without a record rejects with CONFLICT')
        const archived = t.registry.archive(id, revision, t.change({ lifecycle: 'completed' }))
        await checkRejects(archived, ['CONFLICT'], 'archive() without a record rejects with CONFLICT')
      }
      checkEqual(await t.registry.get(id), null, 'a change without a record made none')
      const ids = [...(await t.registry.ids('open')), ...(await t.registry.ids('closed'))]
      checkEqual(ids, [], 'a change without a record is not listed')
    },
  },
  {
    id: 'append-folds-in-order',
    requires: [],
    because: 'a record is the sum of its changes, and the later one counts',
    async run(t) {
      const { record } = await t.create()
      const clients = await t.clients(3)
      let expected = record
      for (let revision = 1; revision <= 30; revision++) {
        const set = revision % 3 === 0 ? { mode: `mode ${revision}` } : { model: `model ${revision}` }
        expected = { ...expected, ...set }
        const client = clients[revision % 3] ?? t.registry
        const stored = await client.append(record.id, revision, t.change(set))
        checkEqual(stored.revision, revision + 1, 'each change is one revision')
      }
      const stored = await t.stored(record.id)
      checkEqual(stored.record, expected, 'the record is the sum of its changes in their order')
      checkEqual(stored.revision, 31, 'the revision counts the changes')
    },
  },
  {
    id: 'append-keeps-large-and-strange-text',
    requires: [],
    because: 'a handle, an error or an answer that comes back changed is another one',
    async run(t) {
      const { record } = await t.create()
      const handle = { large: 'all of it '.repeat(105_000), strange: STRANGE_TEXT }
      await t.registry.append(record.id, 1, t.change({ handle }))
      await t.registry.append(record.id, 2, t.change({ model: 'two' }))
      const { record: stored, revision } = await t.stored(record.id)
      checkEqual(revision, 3, 'a change after a large one is kept')
      checkEqual(stored.handle, handle, 'large and strange text is the same after append()')
    },
  },
  {
    id: 'append-has-one-winner',
    requires: [],
    because: 'of two processes that both believe their change was taken, one acts on what is not so',
    async run(t) {
      const { record } = await t.create()
      const clients = await t.clients(8)
      const attempts = clients.map((client, index) =>
        settle(client.append(record.id, 1, t.change({ model: `model ${index}` }))),
      )
      const winner = await checkOneWinner(await Promise.all(attempts), 'append() calls under one revision')
      checkEqual(await t.stored(record.id), winner, 'the record is as the append() that resolved returned it')
    },
  },
  {
    id: 'append-loses-none',
    requires: [],
    because: 'what a process was told is stored, such as an answered request or a handle, is never asked for again',
    async run(t) {
      const { record } = await t.create({ answered: [] })
      const clients = await t.clients(6)
      const won = (await Promise.all(clients.map((client, index) => contend(client, record.id, `${index}`)))).flat()
      const { record: stored, revision } = await t.stored(record.id)
      checkEqual(
        stored.answered.toSorted(),
        won.map(({ name }) => name).sort(),
        'every won change is in the record once',
      )
      checkEqual(revision, won.length + 1, 'the revision counts every won change')
      for (const { name, base, returned } of won) {
        checkEqual(stored.answered[base - 1], name, 'a won change follows the revision it was made on')
        check(returned > base, 'append() returns the record with the change, at a later revision')
      }
    },
  },
  {
    id: 'append-stays-with-its-record',
    requires: [],
    because: 'a handle that lands in the record of another agent stops the wrong one',
    async run(t) {
      const made = [await t.create({ answered: [] }), await t.create({ answered: [] }), await t.create()]
      const [one, two, untouched] = made as [StoredRecord, StoredRecord, StoredRecord]
      const clients = await t.clients(2)
      const both = clients.flatMap((client, index) => [
        contend(client, one.record.id, `one ${index}`),
        contend(client, two.record.id, `two ${index}`),
      ])
      await Promise.all(both)
      const answered = [await t.stored(one.record.id), await t.stored(two.record.id)].map(
        (stored) => stored.record.answered,
      )
      check(answered[0]?.every((name) => name.startsWith('one ')) === true, 'a record has only its own changes')
      check(answered[1]?.every((name) => name.startsWith('two ')) === true, 'another record has only its own changes')
      checkEqual(await t.stored(untouched.record.id), untouched, 'a record that nobody changed is as it was')
    },
  },
]
