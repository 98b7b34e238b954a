import { check, checkEqual } from '../../check.ts'
import type { RegistryCase } from '../case.ts'
import { hostileIds } from '../hostile.ts'

export const lookCases: readonly RegistryCase[] = [
  {
    id: 'get-of-nothing-is-null',
    requires: [],
    because: 'a command that was given a wrong id says so, and acts on no other agent',
    async run(t) {
      const { record } = await t.create()
      for (const id of ['nobody', 'constructor', record.id.slice(0, -1), `${record.id}0`])
        checkEqual(await t.registry.get(id), null, `get() of an id without a record (${id}) returns null`)
    },
  },
  {
    id: 'get-by-a-hostile-id-is-null',
    requires: [],
    because: 'an id from a script or a model must never become a path, a pattern or a query',
    async run(t) {
      const { record } = await t.create()
      for (const id of hostileIds(record.id))
        checkEqual(await t.registry.get(id), null, `get() by ${JSON.stringify(id.slice(0, 80))}, no id, returns null`)
    },
  },
  {
    id: 'get-sees-what-others-did',
    requires: [],
    because: 'every orch process works on the same records, and none of them stays for long',
    async run(t) {
      const before = (await t.clients(1))[0] ?? t.registry
      const { record } = await t.create()
      checkEqual((await before.get(record.id))?.revision, 1, 'a client that was open before sees a new record')
      const changed = await t.registry.append(record.id, 1, t.change({ model: 'two' }))
      checkEqual(await before.get(record.id), changed, 'a client that read the record before sees its change')
      const closed = await t.registry.archive(record.id, 2, t.change({ lifecycle: 'completed' }))
      checkEqual(await before.get(record.id), closed, 'a client that read the record before sees that it is closed')
      const [later = t.registry] = await t.clients(1)
      checkEqual(await later.get(record.id), closed, 'a client that was opened later sees the record as it is')
    },
  },
  {
    id: 'get-results-survive-json',
    requires: [],
    because: 'JSON is the interface: what a command prints must be what it has',
    async run(t) {
      const results: unknown[] = [await t.create(), await t.create()]
      const [kept, ended] = results as [Awaited<ReturnType<typeof t.create>>, Awaited<ReturnType<typeof t.create>>]
      results.push(await t.registry.append(kept.record.id, 1, t.change({ model: 'two' })))
      results.push(await t.registry.archive(ended.record.id, 1, t.change({ lifecycle: 'completed' })))
      results.push(await t.stored(kept.record.id), await t.stored(ended.record.id))
      results.push(await t.registry.list('open'), await t.registry.list('closed'))
      checkEqual(JSON.parse(JSON.stringify(results)), results, 'every result is the same after JSON')
    },
  },
  {
    id: 'list-of-a-fresh-store-is-empty',
    requires: [],
    because: 'before the first spawn there is nothing, and that is an answer, not an error',
    async run(t) {
      for (const which of ['open', 'closed'] as const) {
        checkEqual(await t.registry.list(which), { records: [], unreadable: [] }, 'list() of a fresh store is empty')
        checkEqual(await t.registry.ids(which), [], 'ids() of a fresh store is empty')
      }
    },
  },
  {
    id: 'list-tells-open-from-closed',
    requires: [],
    because: 'an ended agent among the open ones is looked for again and again; an open one among the ended is lost',
    async run(t) {
      const made = await Promise.all(Array.from({ length: 5 }, () => t.create()))
      const ids = made.map(({ record }) => record.id)
      const wanted = { open: ids.slice(0, 3), closed: ids.slice(3) }
      for (const id of wanted.closed) await t.registry.archive(id, 1, t.change({ lifecycle: 'completed' }))
      for (const which of ['open', 'closed'] as const) {
        const { records, unreadable } = await t.registry.list(which)
        const listed = records.map(({ record }) => record.id)
        checkEqual(listed.sort(), wanted[which].toSorted(), `list() has each ${which} record once and no other`)
        checkEqual((await t.registry.ids(which)).toSorted(), listed, `ids() has the ids of the ${which} records`)
        checkEqual(unreadable, [], 'list() has no unreadable record when all can be read')
        for (const stored of records) {
          check(stored.closed === (which === 'closed'), `list() says of each record whether it is closed`)
          checkEqual(stored, await t.stored(stored.record.id), 'list() has each record as get() has it')
        }
      }
    },
  },
  {
    id: 'list-of-many',
    requires: [],
    because: 'an agent that is missing from a long list is missing from status, and nobody notices',
    async run(t) {
      const clients = await t.clients(5)
      const made = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          (clients[index % 5] ?? t.registry).create(t.record({ key: `${index}` })),
        ),
      )
      const { records } = await t.registry.list('open')
      const byId = (a: { record: { id: string } }, b: { record: { id: string } }): number =>
        a.record.id.localeCompare(b.record.id)
      checkEqual(records.length, 60, 'list() has as many records as were made')
      checkEqual(records.toSorted(byId), made.toSorted(byId), 'list() has each of many records as it was made')
      checkEqual((await t.registry.ids('open')).length, 60, 'ids() has as many ids as records were made')
    },
  },
]
