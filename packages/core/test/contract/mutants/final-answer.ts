import type { FinalAnswer } from '../../../src/agent.ts'
import type { AgentRef, Backend } from '../../../src/backend.ts'
import { type Mutant, must } from './mutant.ts'

type Ask = (agent: AgentRef, messageId: string | null, signal: AbortSignal) => Promise<FinalAnswer | null>

function withAnswers(backend: Backend, change: (right: Ask) => Ask): Backend {
  return { ...backend, finalAnswer: change(must(backend.finalAnswer)) }
}

async function newest(backend: Backend, agent: AgentRef, signal: AbortSignal): Promise<FinalAnswer | null> {
  const { items } = await backend.read(agent, { last: 100, before: null, raw: false }, signal)
  const said = items.findLast(({ kind, role }) => kind === 'message' && role === 'assistant')
  return said === undefined ? null : { text: said.text ?? '', usage: null }
}

export const finalAnswerMutants: readonly Mutant[] = [
  {
    name: 'the newest answer is that of every message',
    fails: {
      'final-answer-is-that-of-its-message': 'finalAnswer() of an earlier message is the earlier answer',
      'final-answer-comes-with-the-end-of-its-turn': 'finalAnswer() is null while its turn runs',
    },
    break: (backend) => withAnswers(backend, () => (agent, _, signal) => newest(backend, agent, signal)),
  },
  {
    name: 'a message that nobody sent has the newest answer',
    fails: {
      'final-answer-is-that-of-its-message': 'finalAnswer() of a message that was never sent is null',
      'final-answer-of-a-failed-turn-is-null': 'finalAnswer() of a turn that failed is null',
    },
    break: (backend) =>
      withAnswers(
        backend,
        (right) => async (agent, messageId, signal) =>
          (await right(agent, messageId, signal)) ?? (await newest(backend, agent, signal)),
      ),
  },
  {
    name: 'the task has no answer, as no message of it was named',
    fails: { 'final-answer-of-the-task': 'finalAnswer() of the task is there once its turn has ended' },
    break: (backend) =>
      withAnswers(
        backend,
        (right) => async (agent, messageId, signal) => (messageId === null ? null : right(agent, messageId, signal)),
      ),
  },
  {
    name: 'the newest answer is that to the task',
    fails: { 'final-answer-of-the-task': 'finalAnswer() of the task is null while its turn runs' },
    break: (backend) =>
      withAnswers(
        backend,
        (right) => async (agent, messageId, signal) =>
          messageId === null ? newest(backend, agent, signal) : right(agent, messageId, signal),
      ),
  },
  {
    name: 'of several messages behind a turn only the last one has an answer',
    fails: { 'final-answer-of-messages-behind-a-turn': 'each message behind a turn has a final answer' },
    break(backend) {
      const queued: string[] = []
      const inner: Backend = {
        ...backend,
        async send(agent, message, signal) {
          const receipt = await backend.send(agent, message, signal)
          if (receipt.delivery === 'queued') queued.push(message.id)
          return receipt
        },
      }
      return withAnswers(
        inner,
        (right) => async (agent, messageId, signal) =>
          messageId !== null && queued.slice(0, -1).includes(messageId) ? null : right(agent, messageId, signal),
      )
    },
  },
]
