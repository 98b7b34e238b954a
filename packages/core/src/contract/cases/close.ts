import type { ContractCase } from '../case.ts'
import { check, checkEqual, settle } from '../check.ts'
import { existenceOf } from '../looks.ts'

export const closeCases: readonly ContractCase[] = [
  {
    id: 'close-keeps-the-agents',
    requires: [],
    because: 'agents outlive every orch process',
    async run(t) {
      const other = await t.open()
      const prompt = t.world.prompts.answer('ready')
      const agent = await t.spawn(prompt, other)
      await t.rest(agent, prompt)
      await other.close()
      checkEqual(await existenceOf(t, agent), 'present', 'the agent is there after its client was closed')
      const next = t.world.prompts.answer('still here')
      await t.send(agent, next)
      await t.rest(agent, next)
    },
  },
  {
    id: 'close-twice-is-fine',
    requires: [],
    because: 'a command that fails while it ends must not hide its first error',
    async run(t) {
      const other = await t.open()
      const { ref } = await t.create()
      await t.observe(ref, other)
      await other.close()
      check('value' in (await settle(other.close())), 'close() of a closed client resolves')
      checkEqual(await existenceOf(t, ref), 'present', 'another client sees the agent after one was closed twice')
    },
  },
]
