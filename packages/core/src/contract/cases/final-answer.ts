import type { FinalAnswer } from '../../agent.ts'
import type { AgentRef } from '../../backend.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check } from '../check.ts'
import { begun, working } from '../situations.ts'

export const finalAnswerCases: readonly ContractCase[] = [
  {
    id: 'final-answer-is-that-of-its-message',
    requires: ['answers', 'turns'],
    because: 'a script that asked a question goes on with what it is given as the answer',
    async run(t) {
      const agent = await begun(t)
      const messages = [await said(t, agent, 'the first'), await said(t, agent, 'the second')]
      const [first, second] = await Promise.all(messages.map((message) => finalAnswer(t, agent, message)))
      check(first?.text.includes('the first') === true, 'finalAnswer() of an earlier message is the earlier answer')
      check(second?.text.includes('the second') === true, 'finalAnswer() of the newest message is the newest answer')
      check(
        (await finalAnswer(t, agent, t.message('never sent').id)) === null,
        'finalAnswer() of a message that was never sent is null',
      )
    },
  },
  {
    id: 'final-answer-of-the-task',
    requires: ['answers', 'turns'],
    because: 'whoever spawned it waits for the answer to its task, and no message of that may have been named',
    async run(t) {
      const agent = await t.spawn(t.world.prompts.work('the task'))
      await t.turn(agent, 'running')
      check((await answerToTask(t, agent)) === null, 'finalAnswer() of the task is null while its turn runs')
      await t.world.finish(agent)
      await t.turn(agent, 'ended')
      check((await answerToTask(t, agent)) !== null, 'finalAnswer() of the task is there once its turn has ended')
      await said(t, agent, 'the second')
      const answer = await answerToTask(t, agent)
      check(answer?.text.includes('the task') === true, 'finalAnswer() of the task stays that of the first turn')
    },
  },
  {
    id: 'final-answer-comes-with-the-end-of-its-turn',
    requires: ['answers', 'turns'],
    because: 'half an answer reads like a whole one',
    async run(t) {
      const agent = await begun(t)
      const { messageId } = await t.send(agent, t.world.prompts.work('half of it'))
      await t.turn(agent, 'running')
      check((await finalAnswer(t, agent, messageId)) === null, 'finalAnswer() is null while its turn runs')
      await t.world.finish(agent)
      await t.turn(agent, 'ended')
      check((await finalAnswer(t, agent, messageId)) !== null, 'finalAnswer() is there once its turn has ended')
    },
  },
  {
    id: 'final-answer-of-messages-behind-a-turn',
    requires: ['answers', 'turns'],
    because: 'whoever sent to a busy agent waits for its answer too, also where one answer is for several messages',
    async run(t) {
      const agent = await working(t)
      const sent = [
        await t.send(agent, t.world.prompts.answer('for one')),
        await t.send(agent, t.world.prompts.answer('for two')),
      ]
      await t.world.finish(agent)
      const answers = sent.map(({ messageId }) =>
        t.eventually('each message behind a turn has a final answer', async () => {
          const answer = await finalAnswer(t, agent, messageId)
          return answer ?? undefined
        }),
      )
      const [, last] = await Promise.all(answers)
      check(last?.text.includes('for two') === true, 'finalAnswer() of the last message behind a turn answers it')
    },
  },
  {
    id: 'final-answer-of-a-failed-turn-is-null',
    requires: ['answers', 'turns'],
    because: 'no answer must not look like an empty one',
    async run(t) {
      const agent = await begun(t)
      const text = t.world.prompts.fail()
      const { messageId } = await t.send(agent, text)
      await t.rest(agent, text)
      check((await finalAnswer(t, agent, messageId)) === null, 'finalAnswer() of a turn that failed is null')
    },
  },
]

/** Lets the agent say a text, and names the message that made it do so. */
async function said(t: CaseContext, agent: AgentRef, text: string): Promise<string | null> {
  const prompt = t.world.prompts.answer(text)
  const { messageId } = await t.send(agent, prompt)
  await t.rest(agent, prompt)
  return messageId
}

function finalAnswer(t: CaseContext, agent: AgentRef, messageId: string | null): Promise<FinalAnswer | null> {
  check(messageId !== null, 'the receipt of a message that was sent names it')
  return ask(t, agent, messageId)
}

function answerToTask(t: CaseContext, agent: AgentRef): Promise<FinalAnswer | null> {
  return ask(t, agent, null)
}

function ask(t: CaseContext, agent: AgentRef, messageId: string | null): Promise<FinalAnswer | null> {
  check(t.backend.finalAnswer !== undefined, 'a backend with the capability "answers" has finalAnswer()')
  return t.backend.finalAnswer(agent, messageId, t.signal)
}
