import type { Found } from '../../../src/backend.ts'
import { OrchError } from '../../../src/errors.ts'
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
    fails: {
      'create-by-twenty-processes-makes-one': 'the agent was given its task once',
      'begin-is-unaltered-or-refused': 'a key name arrives once and unaltered as a task, or is refused',
      'begin-delivers-the-exact-prompt': 'the program got the prompt, once, unaltered',
    },
    break: (backend) => ({
      ...backend,
      async begin(agent, message, signal) {
        await backend.begin(agent, message, signal)
        return backend.begin(agent, message, signal)
      },
    }),
  },
  {
    name: 'a task loses its trailing semicolon',
    fails: { 'begin-is-unaltered-or-refused': 'the program received "echo one; echo two;"' },
    break: (backend) => ({
      ...backend,
      begin: (agent, message, signal) =>
        backend.begin(agent, { ...message, text: message.text.replace(/;$/, '') }, signal),
    }),
  },
  {
    name: 'a long task is cut',
    fails: { 'begin-is-unaltered-or-refused': 'the program received "0123456789' },
    break: (backend) => ({
      ...backend,
      begin: (agent, message, signal) =>
        backend.begin(agent, { ...message, text: message.text.slice(0, 131_072) }, signal),
    }),
  },
  {
    name: 'a task that is refused is given all the same',
    fails: {
      'begin-is-unaltered-or-refused': 'a control character arrives once and unaltered as a task, or is refused',
    },
    break: (backend) => ({
      ...backend,
      async begin(agent, message, signal) {
        const receipt = await backend.begin(agent, message, signal)
        if (!message.text.includes('\u0003')) return receipt
        return { ...receipt, delivery: 'refused', reason: { code: 'CONTROL', text: 'Control characters' } }
      },
    }),
  },
  {
    name: 'tasks are refused without a reason',
    fails: { 'begin-is-unaltered-or-refused': 'a refusal says why' },
    break: (backend) => ({
      ...backend,
      begin: async (_agent, message) => ({ ...claimed(message.id), delivery: 'refused' }),
    }),
  },
  {
    name: 'create refuses a task that it cannot type, and leaves a place behind',
    fails: { 'begin-is-unaltered-or-refused': 'create() that refused a key name made nothing' },
    break: (backend) => ({
      ...backend,
      async create(request, signal) {
        const result = await backend.create(request, signal)
        if (request.prompt !== 'C-c') return result
        throw new OrchError('CREATE_FAILED', 'Cannot start the agent: its task is a key')
      },
    }),
  },
  {
    name: 'begin ignores its signal',
    fails: { 'abort-before-begin-gives-nothing': 'begin() under an aborted signal rejects with its reason' },
    break: (backend) => ({
      ...backend,
      begin: (agent, message) => backend.begin(agent, message, new AbortController().signal),
    }),
  },
  {
    name: 'begin begins and then notices the abort',
    fails: { 'abort-before-begin-gives-nothing': 'begin() under an aborted signal gives nothing' },
    break: (backend) => ({
      ...backend,
      async begin(agent, message, signal) {
        const receipt = await backend.begin(agent, message, new AbortController().signal)
        signal.throwIfAborted()
        return receipt
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
