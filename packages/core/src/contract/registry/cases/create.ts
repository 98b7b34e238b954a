import { check, checkEqual, checkRejects, settle } from '../../check.ts'
import type { RegistryCase } from '../case.ts'
import { STRANGE_TEXT } from '../hostile.ts'

export const createCases: readonly RegistryCase[] = [
  {
    id: 'create-is-whole',
    requires: [],
    because: 'a record that lost a field on its way into the store leads to another agent, or to none',
    async run(t) {
      const record = t.record()
      const made = await t.registry.create(record)
      const expected = { record, revision: 1, closed: false, skippedLines: [], damage: null }
      checkEqual(made, expected, 'create() returns the whole record at revision 1, open and sound')
      checkEqual(await t.stored(record.id), expected, 'get() returns the created record whole')
    },
  },
  {
    id: 'create-shows-nothing-half-made',
    requires: [],
    because: 'a status that runs beside a spawn would show a corrupt record, or recover an agent that is being made',
    async run(t) {
      const record = t.record({ task: 'x'.repeat(300_000) })
      const [reader = t.registry] = await t.clients(1)
      await t.during(t.registry.create(record), async () => {
        const seen = await settle(reader.get(record.id))
        check('value' in seen, 'get() beside a create() finds a whole record or none')
        if (seen.value !== null) checkEqual(seen.value.record, record, 'get() beside a create() finds the whole record')
        const { records, unreadable } = await reader.list('open')
        checkEqual(unreadable, [], 'list() beside a create() has no unreadable record')
        if (records[0]) checkEqual(records[0].record, record, 'list() beside a create() has the whole record')
      })
    },
  },
  {
    id: 'create-of-a-taken-id-is-refused',
    requires: [],
    because: 'two agents under one id are one record, and the first of them is never stopped',
    async run(t) {
      const first = await t.create()
      const again = t.record({ id: first.record.id, task: 'Another task' })
      for (const client of [t.registry, ...(await t.clients(1))])
        await checkRejects(client.create(again), ['AGENT_EXISTS'], 'create() of a taken id rejects with AGENT_EXISTS')
      checkEqual(await t.stored(first.record.id), first, 'a refused create() leaves the record that is there')
      checkEqual(await t.registry.ids('open'), [first.record.id], 'a refused create() adds nothing')
    },
  },
  {
    id: 'create-of-a-closed-id-is-refused',
    requires: [],
    because: 'the history of an ended agent would be mixed up with that of another',
    async run(t) {
      const { record } = await t.create()
      const closed = await t.registry.archive(record.id, 1, t.change({ lifecycle: 'completed' }))
      await checkRejects(
        t.registry.create(t.record({ id: record.id })),
        ['AGENT_EXISTS'],
        'create() of the id of a closed record rejects with AGENT_EXISTS',
      )
      checkEqual(await t.stored(record.id), closed, 'a refused create() leaves the closed record')
      checkEqual(await t.registry.ids('open'), [], 'a refused create() opens nothing')
    },
  },
  {
    id: 'create-has-one-winner',
    requires: [],
    because: 'the id is the claim: of two spawns that both believe they made it, both start an agent',
    async run(t) {
      const { id } = t.record()
      const clients = await t.clients(10)
      const attempts = clients.map((client, index) => settle(client.create(t.record({ id, task: `Task ${index}` }))))
      const outcomes = await Promise.all(attempts)
      const won = outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []))
      checkEqual(won.length, 1, 'of ten create() calls for one id exactly one resolves')
      for (const outcome of outcomes)
        if ('error' in outcome)
          await checkRejects(Promise.reject(outcome.error), ['AGENT_EXISTS'], 'the others reject with AGENT_EXISTS')
      checkEqual(await t.stored(id), won[0], 'the record is the one of the create() that resolved')
    },
  },
  {
    id: 'create-keeps-a-megabyte',
    requires: [],
    because: 'people paste logs into tasks; half of one is another task',
    async run(t) {
      const task = 'all of it '.repeat(105_000)
      const { record } = await t.create({ task })
      const { record: stored } = await t.stored(record.id)
      checkEqual(stored.task.length, task.length, 'a task of a megabyte has its length after create()')
      check(stored.task === task, 'a task of a megabyte is the same after create()')
    },
  },
  {
    id: 'create-keeps-every-character',
    requires: [],
    because: 'a task or handle that comes back changed is another one, and text from a model may hold anything',
    async run(t) {
      const labels = { [STRANGE_TEXT]: STRANGE_TEXT, constructor: 'x', '': '' }
      const { record } = await t.create({ task: STRANGE_TEXT, labels, handle: { [STRANGE_TEXT]: [STRANGE_TEXT] } })
      const [other = t.registry] = await t.clients(1)
      const { record: stored } = await t.stored(record.id, other)
      checkEqual(stored.task, STRANGE_TEXT, 'a task of strange characters is the same after create()')
      checkEqual(stored.labels, labels, 'keys of strange characters are the same after create()')
      checkEqual(stored.handle, record.handle, 'a handle of strange characters is the same after create()')
    },
  },
]
