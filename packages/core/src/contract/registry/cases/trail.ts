import { check, checkEqual, checkRejects, settle } from '../../check.ts'
import type { RegistryCase } from '../case.ts'

export const trailCases: readonly RegistryCase[] = [
  {
    id: 'events-tell-every-change-in-order',
    requires: [],
    because: 'who ended an agent, and when, is asked after the fact, when nobody can look it up any more',
    async run(t) {
      const { record } = await t.create()
      await t.registry.append(record.id, 1, { type: 'renamed', set: { model: 'two' } })
      await checkRejects(t.registry.append(record.id, 1, t.change({ model: 'lost' })), ['CONFLICT'], 'a lost append()')
      const open = (await t.registry.events(record.id)) ?? []
      checkEqual(
        open.map(({ base, type }) => [base, type]),
        [
          [0, 'created'],
          [1, 'renamed'],
        ],
        'events() tells each change that counted, in order, and no other',
      )
      checkEqual(open[1]?.set, { model: 'two' }, 'events() tells what each change set, and nothing else')
      await t.registry.archive(record.id, 2, { type: 'completed', set: { lifecycle: 'completed' } })
      const [other = t.registry] = await t.clients(1)
      const closed = (await other.events(record.id)) ?? []
      checkEqual(closed.slice(0, 2), open, 'events() of a closed record tells what it told before')
      checkEqual(
        (closed[0]?.set as { model?: string } | undefined)?.model,
        record.model,
        'a later change leaves an earlier event',
      )
      check(
        closed.every(({ at, uid }) => !Number.isNaN(Date.parse(at)) && uid !== ''),
        'events() tells when each was',
      )
    },
  },
  {
    id: 'events-of-nothing-is-null',
    requires: [],
    because: 'an agent without a record has no history, and that is not an empty one',
    async run(t) {
      await t.create()
      for (const id of ['nobody', '../agents/nobody'])
        checkEqual(await t.registry.events(id), null, `events() of an id without a record (${id}) returns null`)
    },
  },
  {
    id: 'remove-forgets-a-closed-record',
    requires: [],
    because: 'what was cleaned must not come back, and its neighbours must stay',
    async run(t) {
      const [gone, stays, open] = [await t.create(), await t.create(), await t.create()]
      for (const { record } of [gone, stays])
        await t.registry.archive(record.id, 1, t.change({ lifecycle: 'completed' }))
      checkEqual(await t.registry.remove(gone.record.id), true, 'remove() of a closed record says that it was there')
      checkEqual(await t.registry.get(gone.record.id), null, 'get() of a removed record returns null')
      checkEqual(await t.registry.events(gone.record.id), null, 'events() of a removed record returns null')
      checkEqual(await t.registry.ids('closed'), [stays.record.id], 'remove() leaves the other closed records')
      checkEqual(await t.registry.ids('open'), [open.record.id], 'remove() leaves the open records')
      const [other = t.registry] = await t.clients(1)
      checkEqual(await other.remove(gone.record.id), false, 'remove() of a removed record says that there is none')
    },
  },
  {
    id: 'remove-of-an-open-record-is-refused',
    requires: [],
    because: 'an agent that is forgotten while it runs is an orphan, and its work is found by nobody',
    async run(t) {
      const first = await t.create()
      await checkRejects(
        t.registry.remove(first.record.id),
        ['CONFLICT'],
        'remove() of an open record rejects with CONFLICT',
      )
      checkEqual(await t.stored(first.record.id), first, 'a refused remove() leaves the record as it was')
    },
  },
  {
    id: 'remove-by-several-at-once-has-one-winner',
    requires: [],
    because: 'of two cleans at once each says what it did itself',
    async run(t) {
      const { record } = await t.create()
      await t.registry.archive(record.id, 1, t.change({ lifecycle: 'abandoned' }))
      const clients = await t.clients(6)
      const ends = await Promise.all(clients.map((client) => settle(client.remove(record.id))))
      const said = ends.map((end) => ('value' in end ? end.value : 'error')).sort()
      checkEqual(
        said,
        [false, false, false, false, false, true],
        'of several remove() calls one says that it removed it',
      )
    },
  },
]
