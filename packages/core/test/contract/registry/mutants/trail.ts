import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Mutant, must } from './mutant.ts'

export const trailMutants: readonly Mutant[] = [
  {
    name: 'events forgets the making of a record',
    fails: { 'events-tell-every-change-in-order': 'events() tells each change that counted' },
    break: (registry) => ({
      ...registry,
      events: async (id) => (await registry.events(id))?.slice(1) ?? null,
    }),
  },
  {
    name: 'events tells the whole record with each change',
    fails: { 'events-tell-every-change-in-order': 'events() tells what each change set, and nothing else' },
    break: (registry) => ({
      ...registry,
      async events(id) {
        const events = await registry.events(id)
        const { record } = await must(registry, id)
        return events?.map((event) => ({ ...event, set: { ...record, ...event.set } })) ?? null
      },
    }),
  },
  {
    name: 'events of nothing is empty',
    fails: { 'events-of-nothing-is-null': 'returns null' },
    break: (registry) => ({ ...registry, events: async (id) => (await registry.events(id)) ?? [] }),
  },
  {
    name: 'remove says so and removes nothing',
    fails: { 'remove-forgets-a-closed-record': 'get() of a removed record returns null' },
    break: (registry) => ({ ...registry, remove: async () => true }),
  },
  {
    name: 'remove takes what begins alike along',
    fails: { 'remove-forgets-a-closed-record': 'remove() leaves the other closed records' },
    break: (registry) => ({
      ...registry,
      async remove(id) {
        for (const other of await registry.ids('closed')) if (other !== id) await registry.remove(other)
        return await registry.remove(id)
      },
    }),
  },
  {
    name: 'remove takes open records too',
    fails: { 'remove-of-an-open-record-is-refused': 'remove() of an open record rejects with CONFLICT' },
    break: (registry, { directory }) => ({
      ...registry,
      async remove(id) {
        rmSync(join(directory, 'agents', `${id}.jsonl`), { force: true })
        return await registry.remove(id)
      },
    }),
  },
  {
    name: 'each of several remove calls says that it did it',
    fails: { 'remove-by-several-at-once-has-one-winner': 'one says that it removed it' },
    break: (registry) => ({
      ...registry,
      async remove(id) {
        await registry.remove(id)
        return true
      },
    }),
  },
]
