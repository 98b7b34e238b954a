import type { ContractCase } from '../case.ts'
import { check, checkEqual, settle } from '../check.ts'
import { foundIds } from '../looks.ts'

export const findCases: readonly ContractCase[] = [
  {
    id: 'find-shows-nothing-at-a-fresh-target',
    requires: [],
    because: 'before the first spawn there is no server, and that is an answer, not an error',
    async run(t) {
      const looked = await settle(foundIds(t))
      check('value' in looked, 'find() at a target where nothing was created resolves')
      checkEqual(looked.value, [], 'find() at a target where nothing was created returns an empty list')
    },
  },
  {
    id: 'find-sees-what-other-clients-made',
    requires: [],
    because: 'any orch process must be able to recover what any other one started',
    async run(t) {
      const other = await t.open()
      const { ref } = await t.create(t.world.request(), other)
      checkEqual(await foundIds(t), [ref.id], 'find() shows the agent of another client')
    },
  },
  {
    id: 'find-leaves-other-registries-alone',
    requires: [],
    because: 'an agent of another user or registry on the same server must never be listed as an orphan, or cleaned',
    async run(t) {
      await t.create()
      const stranger = await t.open({ namespace: 'stranger0000' })
      const found = await stranger.find([stranger.target, t.backend.target], t.signal)
      checkEqual(found, [], 'find() of another registry does not show the agent')
    },
  },
  {
    id: 'find-results-are-whole',
    requires: [],
    because: 'recovery stores them in a record, and people read the detail',
    async run(t) {
      await t.create()
      const found = await t.backend.find([t.backend.target], t.signal)
      checkEqual(JSON.parse(JSON.stringify(found)), found, 'the results of find() are the same after JSON')
      check(found.length > 0 && found.every(({ detail }) => detail !== ''), 'find() says where each agent is')
    },
  },
  {
    id: 'find-rejects-when-it-cannot-look',
    requires: [],
    because: 'an empty list is proof that nothing is there, and a spawn may be declared failed by it',
    async run(t) {
      await t.create()
      const looked = await t.whileFrozen('find() settles though the server does not answer', () =>
        settle(t.backend.find([t.backend.target], t.signal)),
      )
      check('error' in looked, 'find() rejects when the server does not answer')
    },
  },
]
