import { isOrchError } from '../../../errors.ts'
import { check, checkEqual, settle } from '../../check.ts'
import type { RegistryCase, RegistryContext } from '../case.ts'

export const unreadableCases: readonly RegistryCase[] = [
  {
    id: 'unreadable-is-no-empty-list',
    requires: [],
    because: 'an empty list is proof that no agent is open: orphans are reported and work is started again by it',
    async run(t) {
      await t.create()
      await whileBroken(t, async () => {
        for (const which of ['open', 'closed'] as const) {
          await checkCannotLook(t.registry.list(which), `list('${which}')`)
          await checkCannotLook(t.registry.ids(which), `ids('${which}')`)
        }
      })
    },
  },
  {
    id: 'unreadable-hides-no-record',
    requires: [],
    because: '"there is no such agent" would be said of one that runs',
    async run(t) {
      const { record } = await t.create()
      await whileBroken(t, async () => {
        await checkCannotLook(t.registry.get(record.id), 'get() of a record that is there')
        await checkCannotLook(t.registry.get('nobody'), 'get() of a record that never was')
        await checkCannotLook(t.registry.events(record.id), 'events() of a record that is there')
      })
    },
  },
  {
    id: 'unreadable-takes-no-change',
    requires: [],
    because: 'a change that was not stored and not refused is acted on, and a conflict is tried again for ever',
    async run(t) {
      const first = await t.create()
      const { id } = first.record
      const other = t.record()
      await whileBroken(t, async () => {
        await checkCannotLook(t.registry.create(other), 'create()')
        await checkCannotLook(t.registry.append(id, 1, t.change({ model: 'two' })), 'append()')
        await checkCannotLook(t.registry.archive(id, 1, t.change({ lifecycle: 'completed' })), 'archive()')
        await checkCannotLook(t.registry.remove(id), 'remove()')
      })
      checkEqual(await t.stored(id), first, 'what was refused while the store could not be read changed nothing')
      checkEqual(
        await t.registry.get(other.id),
        null,
        'what was refused while the store could not be read made nothing',
      )
    },
  },
  {
    id: 'unreadable-then-readable-goes-on',
    requires: [],
    because: 'a disk that comes back must not need a restart of everything that waits',
    async run(t) {
      const { record } = await t.create()
      await whileBroken(t, () => settle(t.registry.list('open')))
      const changed = await settle(t.registry.append(record.id, 1, t.change({ model: 'two' })))
      check('value' in changed, 'append() works when the store is readable again')
      const listed = await settle(t.registry.list('open'))
      check('value' in listed, 'list() works when the store is readable again')
      checkEqual(listed.value.records, [changed.value], 'list() has what is stored when the store is readable again')
    },
  },
  {
    id: 'unreadable-is-not-quiet-for-a-watcher',
    requires: [],
    because: 'a waiter that is told nothing believes that nothing happens',
    async run(t) {
      await t.create()
      await whileBroken(t, async () => {
        const controller = new AbortController()
        let noticed = false
        const read = async (): Promise<void> => {
          for await (const id of t.registry.watch(controller.signal)) if (id === null) noticed = true
        }
        const reading = read().catch(() => {
          noticed = true
        })
        await t.eventually(
          'watch() of an unreadable store says that changes may be missed, or rejects',
          () => noticed || undefined,
        )
        controller.abort(new Error('the watcher left'))
        await reading
      })
    },
  },
]

async function whileBroken(t: RegistryContext, work: () => Promise<unknown>): Promise<void> {
  await t.world.breakStore()
  try {
    await work()
  } finally {
    await t.world.mendStore()
  }
}

/** Neither a value nor an error that says something about the record: the store could not be looked at. */
async function checkCannotLook(work: Promise<unknown>, call: string): Promise<void> {
  const outcome = await settle(work)
  check('error' in outcome, `${call} rejects while the store cannot be read`)
  const { error } = outcome
  check(isOrchError(error), `${call} rejects with an OrchError while the store cannot be read, not: ${error}`)
  const claims = ['CONFLICT', 'AGENT_EXISTS', 'AGENT_NOT_FOUND']
  check(!claims.includes(error.code), `${call} says nothing about a record that it could not read, not ${error.code}`)
}
