import type { AgentRef, InterruptResult } from '../../backend.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { existenceOf } from '../looks.ts'
import { begun, waiting, working } from '../situations.ts'

export const interruptCases: readonly ContractCase[] = [
  {
    id: 'interrupt-ends-the-turn-and-keeps-the-agent',
    requires: ['interrupt', 'turns'],
    because: 'an agent on the wrong path is stopped and told better, not lost',
    async run(t) {
      const agent = await working(t)
      const { interrupted } = await interrupt(t, agent)
      check(interrupted, 'interrupt() of a running turn says so')
      const turn = await t.turn(agent, 'ended')
      check(turn.status === 'ended' && turn.how === 'interrupted', 'an interrupted turn ended "interrupted"')
      checkEqual(await existenceOf(t, agent), 'present', 'the agent is still there')
    },
  },
  {
    id: 'interrupt-leaves-a-usable-agent',
    requires: ['interrupt', 'turns'],
    because: 'the next message is the reason for the interruption',
    async run(t) {
      const agent = await working(t)
      await interrupt(t, agent)
      await t.turn(agent, 'ended')
      const prompt = t.world.prompts.answer('better now')
      await t.send(agent, prompt)
      await t.rest(agent, prompt)
    },
  },
  {
    id: 'interrupt-without-a-turn-says-so',
    requires: ['interrupt', 'turns'],
    because: 'a key sent to an idle program may end it',
    async run(t) {
      const agent = await begun(t)
      const { interrupted } = await interrupt(t, agent)
      check(!interrupted, 'interrupt() without a running turn returns interrupted: false')
      checkEqual(await existenceOf(t, agent), 'present', 'the agent is still there')
    },
  },
  {
    id: 'interrupt-closes-open-requests',
    requires: ['interrupt', 'requests', 'turns'],
    because: 'what was asked in a turn that is over cannot be answered any more',
    async run(t) {
      const agent = await waiting(t)
      await interrupt(t, agent)
      await t.turn(agent, 'ended')
      const { requests } = await t.observe(agent)
      check(requests.known && requests.value.length === 0, 'no request of an interrupted turn is open')
    },
  },
  {
    id: 'interrupt-is-bound-to-its-agent',
    requires: ['interrupt', 'turns'],
    because: 'agents share a server, and their turns are not one',
    async run(t) {
      const [one, two] = [await working(t), await working(t)]
      await interrupt(t, one)
      await t.turn(one, 'ended')
      const { turn } = await t.observe(two)
      check(turn.known && turn.value.status === 'running', 'the turn of another agent still runs')
    },
  },
]

function interrupt(t: CaseContext, agent: AgentRef): Promise<InterruptResult> {
  check(t.backend.interrupt !== undefined, 'a backend with the capability "interrupt" has interrupt()')
  return t.backend.interrupt(agent, t.signal)
}
