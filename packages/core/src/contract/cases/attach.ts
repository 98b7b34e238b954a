import type { AgentRef, Viewer } from '../../backend.ts'
import { isOrchError } from '../../errors.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { existenceOf, read } from '../looks.ts'
import { begun } from '../situations.ts'

export const attachCases: readonly ContractCase[] = [
  {
    id: 'attach-names-a-program-and-leaves-the-agent',
    requires: ['attach'],
    because: 'a person who only looks must not change what an agent does',
    async run(t) {
      const agent = await begun(t)
      const said = async (): Promise<number> => (await read(t, agent)).items.length
      const before = await said()
      const { command, args } = await attach(t, agent)
      check(
        command !== '' && args.every((word) => typeof word === 'string'),
        'attach() names a program and its arguments',
      )
      checkEqual(await said(), before, 'nothing was said to the agent')
      checkEqual(await existenceOf(t, agent), 'present', 'the agent is still there')
    },
  },
  {
    id: 'attach-to-a-stopped-agent-is-refused',
    requires: ['attach'],
    because: 'a viewer of nothing, or of another agent, looks like the agent',
    async run(t) {
      const agent = await begun(t)
      await t.backend.stop(agent, t.signal)
      const outcome = await attach(t, agent).catch((error: unknown) => error)
      check(isOrchError(outcome), 'attach() to a stopped agent rejects with an OrchError')
    },
  },
]

async function attach(t: CaseContext, agent: AgentRef): Promise<Viewer> {
  const { attach } = t.backend
  if (attach === undefined) throw new TypeError('There is no attach()')
  return attach(agent, t.signal)
}
