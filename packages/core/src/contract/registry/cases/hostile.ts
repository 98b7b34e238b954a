import { check, checkEqual, settle } from '../../check.ts'
import type { RegistryCase } from '../case.ts'
import { hostileIds } from '../hostile.ts'

export const hostileCases: readonly RegistryCase[] = [
  {
    id: 'hostile-ids-are-not-created',
    requires: [],
    because: 'a file outside of the store would be written by whoever chooses an id',
    async run(t) {
      const first = await t.create()
      for (const id of hostileIds(first.record.id)) {
        const outcome = await settle(t.registry.create(t.record({ id })))
        check(
          'error' in outcome && isWrongArgument(outcome.error),
          `create() of ${shown(id)}, no id, rejects with RangeError`,
        )
      }
      checkEqual(await t.registry.list('open'), { records: [first], unreadable: [] }, 'create() of no id made nothing')
    },
  },
  {
    id: 'hostile-ids-change-nothing',
    requires: [],
    because: 'an id that leads elsewhere changes or ends another agent than the one that was checked',
    async run(t) {
      const first = await t.create()
      for (const id of hostileIds(first.record.id)) {
        const appended = await settle(t.registry.append(id, 1, t.change({ model: 'two' })))
        check(
          'error' in appended && isWrongArgument(appended.error),
          `append() to ${shown(id)}, no id, rejects with RangeError`,
        )
        const archived = await settle(t.registry.archive(id, 1, t.change({ lifecycle: 'abandoned' })))
        check(
          'error' in archived && isWrongArgument(archived.error),
          `archive() of ${shown(id)}, no id, rejects with RangeError`,
        )
      }
      checkEqual(await t.stored(first.record.id), first, 'changes under no id left the record as it was')
      checkEqual(await t.registry.ids('closed'), [], 'archive() of no id closed nothing')
    },
  },
]

/** A wrong argument is a bug of the caller and has no code; realms do not matter. */
function isWrongArgument(error: unknown): boolean {
  return (error as Error | null)?.name === 'RangeError'
}

function shown(id: string): string {
  return JSON.stringify(id.slice(0, 80))
}
