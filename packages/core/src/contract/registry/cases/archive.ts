import { check, checkEqual, checkRejects, settle } from '../../check.ts'
import type { RegistryCase } from '../case.ts'
import { archiveInTheEnd, checkOneWinner, contend } from '../contend.ts'

const ENDINGS = ['completed', 'abandoned', 'failed', 'active'] as const

export const archiveCases: readonly RegistryCase[] = [
  {
    id: 'archive-makes-the-last-change-and-closes',
    requires: [],
    because: 'how an agent ended is written with its end, or it is never written',
    async run(t) {
      const { record } = await t.create()
      const set = { lifecycle: 'completed', endedAt: '2026-01-02T03:04:06.000Z' } as const
      const closed = await t.registry.archive(record.id, 1, t.change(set))
      const expected = { record: { ...record, ...set }, revision: 2, closed: true, skippedLines: [], damage: null }
      checkEqual(closed, expected, 'archive() returns the changed record, closed')
      checkEqual(await t.stored(record.id), expected, 'get() returns the closed record')
      checkEqual((await t.registry.list('closed')).records, [expected], 'list() has it among the closed ones')
      checkEqual(await t.registry.ids('open'), [], 'archive() leaves nothing among the open ones')
    },
  },
  {
    id: 'archive-under-another-revision-closes-nothing',
    requires: [],
    because: 'an agent that was completed on an old look may have got new work meanwhile',
    async run(t) {
      const { record } = await t.create()
      const now = await t.registry.append(record.id, 1, t.change({ model: 'two' }))
      for (const revision of [1, 0, 3, 99])
        await checkRejects(
          t.registry.archive(record.id, revision, t.change({ lifecycle: 'completed' })),
          ['CONFLICT'],
          `archive() under revision ${revision} of a record at 2 rejects with CONFLICT`,
        )
      checkEqual(await t.stored(record.id), now, 'archive() under another revision changed nothing')
      checkEqual(await t.registry.ids('open'), [record.id], 'archive() under another revision closed nothing')
      checkEqual(await t.registry.ids('closed'), [], 'archive() under another revision lists nothing as closed')
    },
  },
  {
    id: 'archive-is-final',
    requires: [],
    because: 'a record that changes after its agent was proven to have ended is no history',
    async run(t) {
      for (const lifecycle of ENDINGS) {
        const { record } = await t.create()
        const closed = await t.registry.archive(record.id, 1, t.change({ lifecycle }))
        const [other = t.registry] = await t.clients(1)
        for (const revision of [1, 2, 3]) {
          const late = other.append(record.id, revision, t.change({ model: 'late' }))
          await checkRejects(late, ['CONFLICT'], `append() to a record closed as "${lifecycle}" rejects with CONFLICT`)
          const again = other.archive(record.id, revision, t.change({ lifecycle: 'abandoned' }))
          await checkRejects(
            again,
            ['CONFLICT'],
            `archive() of a record closed as "${lifecycle}" rejects with CONFLICT`,
          )
        }
        checkEqual(await t.stored(record.id), closed, `a record closed as "${lifecycle}" stays as it was closed`)
        check(!(await t.registry.ids('open')).includes(record.id), 'a closed record stays among the closed ones')
      }
    },
  },
  {
    id: 'archive-has-one-winner',
    requires: [],
    because: 'of a complete and an abandon at once only one decided how the agent ended',
    async run(t) {
      const { record } = await t.create()
      const clients = await t.clients(6)
      const attempts = clients.map((client, index) => {
        const lifecycle = index % 2 === 0 ? 'completed' : 'abandoned'
        return settle(client.archive(record.id, 1, t.change({ lifecycle, model: `model ${index}` })))
      })
      const winner = await checkOneWinner(await Promise.all(attempts), 'archive() calls under one revision')
      checkEqual(await t.stored(record.id), winner, 'the record is as the archive() that resolved returned it')
    },
  },
  {
    id: 'archive-ends-all-appends',
    requires: [],
    because: 'a send that is recorded after its agent ended looks delivered to nobody',
    async run(t) {
      const { record } = await t.create({ answered: [] })
      const clients = await t.clients(3)
      const racing = clients.map((client, index) => contend(client, record.id, `${index}`, 40))
      const last = await archiveInTheEnd(t.registry, record.id)
      const won = (await Promise.all(racing)).flat()
      check(
        won.every(({ base }) => base < last.revision - 1),
        'no append() resolves for a change after the one of archive()',
      )
      checkEqual(await t.stored(record.id), last, 'the record is as archive() returned it')
      checkEqual(last.record.answered.length, won.length, 'every change that won before the end is in the record')
    },
  },
  {
    id: 'archive-leaves-the-others',
    requires: [],
    because: 'the end of one agent must not make another one disappear',
    async run(t) {
      const kept = [await t.create(), await t.create()]
      const { record } = await t.create()
      await t.registry.archive(record.id, 1, t.change({ lifecycle: 'abandoned' }))
      for (const stored of kept)
        checkEqual(await t.stored(stored.record.id), stored, 'archive() leaves the other records as they were')
      const ids = kept.map((stored) => stored.record.id)
      checkEqual((await t.registry.ids('open')).toSorted(), ids.sort(), 'archive() leaves the other records open')
    },
  },
]
