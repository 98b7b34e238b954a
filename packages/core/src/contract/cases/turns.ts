import { randomUUID } from 'node:crypto'
import type { ContractCase } from '../case.ts'
import { ContractFailure, check, checkEqual } from '../check.ts'
import { begun, working } from '../situations.ts'

export const turnCases: readonly ContractCase[] = [
  {
    id: 'turn-opens-and-ends',
    requires: ['turns'],
    because: 'working and idle are what people watch for most',
    async run(t) {
      const agent = await working(t)
      await t.world.finish(agent)
      const turn = await t.turn(agent, 'ended')
      check(turn.status === 'ended' && turn.how === 'completed', 'a turn that ran to its end is completed')
    },
  },
  {
    id: 'turn-is-not-over-while-a-message-is-on-its-way',
    requires: ['turns'],
    because: 'send and then wait for idle must never match the turn before',
    async run(t) {
      const agent = await begun(t)
      await t.send(agent, t.world.prompts.work('at work'))
      await t.eventually('the turn runs', async () => {
        const { turn } = await t.observe(agent)
        if (turn.known && turn.value.status !== 'running')
          throw new ContractFailure(`after send() the turn was shown as "${turn.value.status}" before it ran`)
        return turn.known ? true : undefined
      })
    },
  },
  {
    id: 'turn-is-not-over-while-an-attempt-may-arrive',
    requires: ['turns'],
    because: 'a message that an earlier process sent may land after the look',
    async run(t) {
      const agent = await begun(t)
      const attempts = [{ id: randomUUID(), at: new Date().toISOString() }]
      const { observations } = await t.backend.observe([{ ...agent, attempts }], t.signal)
      const turn = observations[0]?.turn
      check(
        turn !== undefined && !(turn.known && turn.value.status === 'ended'),
        'the turn does not count as ended while an attempt may still arrive',
      )
    },
  },
  {
    id: 'turn-tells-what-arrived',
    requires: ['turns'],
    because: 'core watches an attempt until it is known to have arrived',
    async run(t) {
      const agent = await begun(t)
      const message = t.message(t.world.prompts.answer('again'))
      await t.backend.send(agent, message, t.signal)
      const attempts = [{ id: message.id, at: new Date().toISOString() }]
      const arrived = await t.eventually('observe() names the attempt that arrived', async () => {
        const { observations } = await t.backend.observe([{ ...agent, attempts }], t.signal)
        return observations[0]?.arrived
      })
      checkEqual(arrived, [message.id], 'observe() names exactly the attempts that arrived')
    },
  },
  {
    id: 'turn-takes-messages-while-it-runs',
    requires: ['turns'],
    because: 'people correct an agent while it works',
    async run(t) {
      const agent = await working(t)
      const text = t.world.prompts.answer('next')
      const receipt = await t.send(agent, text)
      check(receipt.delivery !== 'refused', `send() during a turn is not refused: ${receipt.reason?.text}`)
      await t.world.finish(agent)
      await t.rest(agent, text)
    },
  },
  {
    id: 'turn-ended-by-an-error-says-so',
    requires: ['turns'],
    because: 'an agent whose model failed needs a person and does not look finished',
    async run(t) {
      const agent = await t.spawn(t.world.prompts.fail())
      const turn = await t.turn(agent, 'ended')
      check(turn.status === 'ended' && turn.how === 'error', 'a turn that failed ended in an error')
      check(turn.reason !== null && turn.reason.text !== '', 'a turn that failed says why')
    },
  },
]
