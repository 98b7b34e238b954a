import type { AgentRef } from '@orch/core'
import { check, checkEqual } from '@orch/core/contract'
import type { ProgramCase, ProgramContext } from '../program-case.ts'

/** What it tells of its turns and of the messages that it is given. */
export const turnCases: readonly ProgramCase[] = [
  {
    id: 'turn-begins-and-ends',
    requires: ['turns'],
    because: 'working and idle are what people watch for most',
    async run(t) {
      const agent = await t.spawn(t.place.prompts.work('under way'))
      await t.turn(agent, 'running')
      await t.place.finish(agent)
      const turn = await t.turn(agent, 'ended')
      check(turn.status === 'ended' && turn.how === 'completed', 'a turn that ran to its end is completed')
    },
  },
  {
    id: 'turn-that-fails-is-an-error',
    requires: ['turns'],
    because: 'an agent whose model cannot be asked must not pass for one that is done with its turn',
    async run(t) {
      const agent = await t.spawn(t.place.prompts.fail())
      const turn = await t.turn(agent, 'ended')
      check(turn.status === 'ended' && turn.how === 'error', 'a turn that failed has ended in an error')
    },
  },
  {
    id: 'task-is-answered',
    requires: ['turns', 'answers'],
    because: 'spawn --wait goes on with the answer to the task, which the program tells of in its own words',
    async run(t) {
      const prompt = t.place.prompts.answer('done\twith\u200b the cafe\u0301')
      const agent = await t.spawn(prompt)
      await t.turn(agent, 'ended')
      const answer = await t.backend.finalAnswer?.(agent, null, t.signal)
      check(answer?.text.includes('done') === true, 'the task has the answer that the program gave to it')
    },
  },
  {
    id: 'message-is-confirmed',
    requires: ['turns'],
    sends: true,
    because: 'who is not told that a message arrived sends it twice',
    async run(t) {
      const agent = await idle(t)
      const text = t.place.prompts.answer('a message')
      await sent(t, { agent, text }, 'confirmed')
      await t.rest(agent, text)
      const received = await t.place.received(agent)
      checkEqual(received.filter((one) => one === text).length, 1, 'the message was given once, as it is')
    },
  },
  {
    id: 'message-waits-behind-a-turn',
    requires: ['turns'],
    sends: true,
    because: 'an agent is idle only when nothing that it was sent is left',
    async run(t) {
      const agent = await t.spawn(t.place.prompts.work('under way'))
      await t.turn(agent, 'running')
      const text = t.place.prompts.answer('behind it')
      await sent(t, { agent, text }, 'queued')
      await t.place.finish(agent)
      await t.rest(agent, text)
    },
  },
  {
    id: 'command-is-refused',
    requires: ['turns'],
    sends: true,
    because: 'a message must never be run as a command of the program, or of a shell',
    async run(t) {
      const agent = await idle(t)
      const receipt = await t.send(agent, t.place.commandText)
      checkEqual(receipt.delivery, 'refused', 'a text that would be a command is refused')
      await sent(t, { agent, text: t.place.prompts.answer('no command') }, 'confirmed')
    },
  },
  {
    id: 'draft-is-kept',
    requires: ['turns'],
    sends: true,
    because: 'a message that is typed behind what a person began to write sends both, as one',
    async run(t) {
      const agent = await idle(t)
      await t.place.press(agent, 'draft')
      await t.eventually('the draft', async () => (await t.place.screen(agent)).includes('draft') || undefined)
      const receipt = await t.send(agent, t.place.prompts.answer('too early'))
      checkEqual(receipt.reason?.code, 'DRAFT', 'a message is refused while somebody types')
      check((await t.place.screen(agent)).includes('draft'), 'the draft is still there')
      await t.place.press(agent, 'C-u')
      const text = t.place.prompts.answer('in time')
      await t.eventually('the message, once the draft is gone', async () => {
        const { delivery } = await t.send(agent, text)
        return delivery === 'confirmed' || undefined
      })
      await t.rest(agent, text)
    },
  },
  {
    id: 'interrupt-ends-the-turn',
    requires: ['turns', 'interrupt'],
    because: 'who breaks off a turn goes on with another message, which nothing may be left in front of',
    async run(t) {
      const agent = await t.spawn(t.place.prompts.work('to be broken off'))
      await t.turn(agent, 'running')
      const { interrupted } = (await t.backend.interrupt?.(agent, t.signal)) ?? { interrupted: false }
      check(interrupted, 'interrupt() says that it ended the turn')
      const turn = await t.turn(agent, 'ended')
      check(turn.status === 'ended' && turn.how === 'interrupted', 'the turn has ended, interrupted')
      const text = t.place.prompts.answer('afterwards')
      await sent(t, { agent, text }, 'confirmed')
      await t.rest(agent, text)
    },
  },
]

/** An agent whose first turn has ended. */
export async function idle(t: ProgramContext): Promise<AgentRef> {
  const prompt = t.place.prompts.answer('begun')
  const agent = await t.spawn(prompt)
  await t.rest(agent, prompt)
  return agent
}

async function sent(
  t: ProgramContext,
  { agent, text }: { readonly agent: AgentRef; readonly text: string },
  delivery: 'confirmed' | 'queued',
): Promise<void> {
  const receipt = await t.send(agent, text)
  checkEqual(receipt.delivery, delivery, `a message is ${delivery} when the program told that it has it`)
}
