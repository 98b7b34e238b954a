import type { Found } from '../../../src/backend.ts'
import { claimed, type Mutant } from './mutant.ts'

export const beginMutants: readonly Mutant[] = [
  {
    name: 'begin joins the lines of the prompt',
    fails: { 'begin-delivers-the-exact-prompt': 'the program received "First line' },
    break: (backend) => ({
      ...backend,
      begin: (agent, message, signal) =>
        backend.begin(agent, { ...message, text: message.text.replaceAll('\n', ' ') }, signal),
    }),
  },
  {
    name: 'begin gives the task twice',
    fails: { 'begin-delivers-the-exact-prompt': 'the program got the prompt, once, unaltered' },
    break: (backend) => ({
      ...backend,
      async begin(agent, message, signal) {
        await backend.begin(agent, message, signal)
        return backend.begin(agent, message, signal)
      },
    }),
  },
  {
    name: 'find never knows whether the task was given',
    fails: {
      'begin-is-seen-by-find': 'find() says "yes" once the program has its task',
      'begin-not-begun-is-no': 'find() says whether create() gave the task',
    },
    break: (backend) => ({
      ...backend,
      async find(targets, signal): Promise<readonly Found[]> {
        const found = await backend.find(targets, signal)
        return found.map((entry) => ({ ...entry, begun: 'unknown' }))
      },
    }),
  },
  {
    name: 'receipts of begin have no time',
    fails: { 'begin-returns-a-receipt': 'the receipt carries its time' },
    break: (backend) => ({
      ...backend,
      begin: async (agent, message, signal) => ({ ...(await backend.begin(agent, message, signal)), at: 'now' }),
    }),
  },
  {
    name: 'begin confirms without giving the task',
    fails: { 'begin-returns-a-receipt': 'what is "confirmed" has been received' },
    break: (backend) => ({ ...backend, begin: async (_agent, message) => claimed(message.id) }),
  },
  {
    name: 'begin claims delivery to anyone',
    fails: { 'begin-of-a-stopped-agent-is-refused': 'begin() of a stopped agent is refused' },
    break: (backend) => ({
      ...backend,
      async begin(agent, message, signal) {
        await backend.begin(agent, message, signal)
        return claimed(message.id)
      },
    }),
  },
]
