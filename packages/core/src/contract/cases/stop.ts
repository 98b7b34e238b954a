import type { AgentRef } from '../../backend.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, settle } from '../check.ts'
import { existenceOf, foundIds, read } from '../looks.ts'
import { begun, waiting, working } from '../situations.ts'

export const stopCases: readonly ContractCase[] = [
  {
    id: 'stop-proves-the-end',
    requires: [],
    because: 'complete reports what it ended and how it knows',
    async run(t) {
      const agent = await begun(t)
      const proof = await t.backend.stop(agent, t.signal)
      check(proof.proven, 'stop() of a living agent is proven')
      check(proof.evidence.length > 0, 'the proof of stop() carries evidence')
      await checkEnded(t, agent)
    },
  },
  {
    id: 'stop-twice-is-fine',
    requires: [],
    because: 'a complete that died half-way is run again',
    async run(t) {
      const agent = await begun(t)
      await t.backend.stop(agent, t.signal)
      const again = await settle(t.backend.stop(agent, t.signal))
      check('value' in again && again.value.proven, 'stop() of a stopped agent resolves and is proven')
    },
  },
  {
    id: 'stop-leaves-the-others',
    requires: [],
    because: 'one abandoned agent must not take its neighbours along',
    async run(t) {
      const [one, two] = [await begun(t), await begun(t)]
      await t.backend.stop(one, t.signal)
      checkEqual(await existenceOf(t, two), 'present', 'the other agent is still there')
      const prompt = t.world.prompts.answer('still here')
      await t.send(two, prompt)
      await t.rest(two, prompt)
    },
  },
  {
    id: 'stop-ends-a-running-turn',
    requires: ['turns'],
    because: 'an agent that is abandoned mid-work must not go on changing files',
    async run(t) {
      const agent = await working(t)
      const proof = await t.backend.stop(agent, t.signal)
      check(proof.proven, 'stop() during a turn is proven')
      await checkEnded(t, agent)
    },
  },
  {
    id: 'stop-ends-a-waiting-agent',
    requires: ['requests'],
    because: 'a request of an agent that is gone must not be shown to anyone',
    async run(t) {
      const agent = await waiting(t)
      await t.backend.stop(agent, t.signal)
      await checkEnded(t, agent)
      const { requests } = await t.observe(agent)
      check(!requests.known || requests.value.length === 0, 'a stopped agent has no open request')
    },
  },
  {
    id: 'stop-before-begin',
    requires: [],
    because: 'a spawn that failed half-way is cleaned up too',
    async run(t) {
      const { ref } = await t.create()
      const proof = await t.backend.stop(ref, t.signal)
      check(proof.proven, 'stop() of an agent that was never begun is proven')
      await checkEnded(t, ref)
    },
  },
  {
    id: 'stop-ends-what-ignores-a-hang-up',
    requires: ['programs'],
    because: 'a program that only hears HUP, and what it started, would work on unseen in a place that looks removed',
    async run(t) {
      const prompt = t.world.prompts.stubborn()
      const agent = await t.spawn(prompt)
      await t.rest(agent, prompt)
      await t.eventually('the program and its child ignore HUP', async () =>
        (await read(t, agent)).items.some((item) => item.role !== 'user' && item.text?.includes('stubborn'))
          ? true
          : undefined,
      )
      const proof = await t.backend.stop(agent, t.signal)
      check(proof.proven, 'stop() of a program that ignores HUP is proven')
      checkEqual(await t.world.leftovers(), [], 'nothing of a program that ignores HUP is left after stop()')
      await checkEnded(t, agent)
    },
  },
  {
    id: 'stop-has-something-to-end',
    requires: [],
    because: 'what is left is looked for after each case, and a look that sees nothing proves nothing',
    async run(t) {
      const agent = await begun(t)
      const left = await t.world.leftovers()
      check(left.length > 0, 'an agent that was not stopped is something left')
      await t.backend.stop(agent, t.signal)
      checkEqual(await t.world.leftovers(), [], 'nothing is left of an agent that was stopped')
    },
  },
  {
    id: 'stop-claims-nothing-without-an-answer',
    requires: [],
    because: 'an agent believed stopped is forgotten, and works on unseen',
    async run(t) {
      const agent = await begun(t)
      const stopped = await t.whileFrozen('stop() settles though the server does not answer', () =>
        settle(t.backend.stop(agent, t.signal)),
      )
      const proven = 'value' in stopped && stopped.value.proven
      const word = await existenceOf(t, agent)
      check(!proven || word === 'gone', `a stop that is proven ended the agent, and it is "${word}"`)
    },
  },
]

async function checkEnded(t: CaseContext, agent: AgentRef): Promise<void> {
  checkEqual(await existenceOf(t, agent), 'gone', 'a stopped agent is gone')
  check(!(await foundIds(t)).includes(agent.id), 'find() does not show a stopped agent')
}
