import { checkEqual } from '../../check.ts'
import type { RegistryCase } from '../case.ts'
import { follow } from '../follow.ts'

export const watchCases: readonly RegistryCase[] = [
  {
    id: 'watch-tells-of-a-create',
    requires: [],
    because: 'a follower of all agents shows a new one when it is spawned, not at its next slow look',
    async run(t) {
      for (const client of [t.registry, ...(await t.clients(1))]) {
        const watcher = follow(t)
        const record = t.record()
        await watcher.tells('a record that was created', record.id, () => client.create(record))
        await watcher.end()
      }
    },
  },
  {
    id: 'watch-tells-of-a-change',
    requires: [],
    because: 'a waiter learns from it that an agent was begun, asked or answered by another process',
    async run(t) {
      const { record } = await t.create()
      const watcher = follow(t)
      for (const [index, client] of [t.registry, ...(await t.clients(1)), t.registry].entries())
        await watcher.tells('a record that was changed', record.id, () =>
          client.append(record.id, index + 1, t.change({ model: `model ${index}` })),
        )
      await watcher.end()
    },
  },
  {
    id: 'watch-tells-of-an-archive',
    requires: [],
    because: 'a wait for an agent that another process completes would run to its time-out',
    async run(t) {
      for (const client of [t.registry, ...(await t.clients(1))]) {
        const { record } = await t.create()
        const watcher = follow(t)
        await watcher.tells('a record that was archived', record.id, () =>
          client.archive(record.id, 1, t.change({ lifecycle: 'completed' })),
        )
        await watcher.end()
      }
    },
  },
  {
    id: 'watch-tells-only-of-records',
    requires: [],
    because: 'what is told is looked up: anything else is a look for an agent that never was',
    async run(t) {
      const watcher = follow(t)
      const made = [await t.create(), await t.create()]
      const ids = made.map(({ record }) => record.id)
      for (const id of ids) await t.registry.append(id, 1, t.change({ model: 'two' }))
      for (const id of ids)
        await watcher.tells('a record that was archived', id, () =>
          t.registry.archive(id, 2, t.change({ lifecycle: 'completed' })),
        )
      await watcher.end()
      const others = watcher.told.filter((id) => id !== null && !ids.includes(id))
      checkEqual(others, [], 'watch() tells of nothing but the records that changed')
    },
  },
  {
    id: 'watch-serves-several',
    requires: [],
    because: 'a wait and a status that follows run beside each other, and one of them ends first',
    async run(t) {
      const { record } = await t.create()
      const [one, two] = [follow(t), follow(t)]
      await one.tells('a change, to the first of two watchers', record.id, () =>
        two.tells('a change, to the second of two watchers', record.id, () =>
          t.registry.append(record.id, 1, t.change({ model: 'two' })),
        ),
      )
      await one.end()
      await two.tells('a change after another watcher left', record.id, () =>
        t.registry.append(record.id, 2, t.change({ model: 'three' })),
      )
      await two.end()
    },
  },
  {
    id: 'watch-ends-when-aborted',
    requires: [],
    because: 'Ctrl-C must end a wait at once, with nothing changed by anyone',
    async run(t) {
      const quiet = follow(t)
      await quiet.end()
      const { record } = await t.create()
      const busy = follow(t)
      await busy.tells('a change', record.id, () => t.registry.append(record.id, 1, t.change({ model: 'two' })))
      await busy.end()
      const told = busy.told.length
      await t.registry.append(record.id, 2, t.change({ model: 'three' }))
      checkEqual(busy.told.length, told, 'watch() tells of nothing after its signal aborted')
    },
  },
  {
    id: 'watch-under-an-aborted-signal-ends',
    requires: [],
    because: 'a command that was cancelled before it began must not stay',
    async run(t) {
      let ended = false
      const read = async (): Promise<void> => {
        for await (const _id of t.registry.watch(AbortSignal.abort(new Error('given up'))));
        ended = true
      }
      const reading = read()
      reading.catch(() => {})
      await Promise.race([reading, t.eventually('watch() under an aborted signal returns', () => ended || undefined)])
    },
  },
]
