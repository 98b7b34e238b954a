import type { AgentRef, Backend, Message } from '../../../src/backend.ts'
import { claimed, type Mutant, remembering } from './mutant.ts'

function withText(backend: Backend, change: (text: string) => string): Backend {
  const send = (agent: AgentRef, message: Message, signal: AbortSignal) =>
    backend.send(agent, { ...message, text: change(message.text) }, signal)
  return { ...backend, send }
}

export const sendMutants: readonly Mutant[] = [
  {
    name: 'a trailing semicolon is lost',
    fails: { 'send-is-unaltered-or-refused': 'the program received "echo one; echo two;"' },
    break: (backend) => withText(backend, (text) => text.replace(/;$/, '')),
  },
  {
    name: 'key names are pressed',
    fails: { 'send-is-unaltered-or-refused': 'the program received "C-c"' },
    break: (backend) => withText(backend, (text) => text.replace(/^C-c$/, '\u0003')),
  },
  {
    name: 'what is refused is sent all the same, cleaned',
    fails: { 'send-is-unaltered-or-refused': 'the program got these texts, in this order, and nothing else' },
    break: (backend) => ({
      ...backend,
      async send(agent, message, signal) {
        const text = message.text.replaceAll('\u0003', '')
        const receipt = await backend.send(agent, { ...message, text }, signal)
        if (text === message.text) return receipt
        return { ...receipt, delivery: 'refused', reason: { code: 'CONTROL', text: 'Control characters' } }
      },
    }),
  },
  {
    name: 'send refuses without a reason',
    fails: {
      'send-is-unaltered-or-refused': 'a refusal says why',
      'send-takes-a-megabyte-whole': 'a refusal says why',
      'send-to-a-stopped-agent-is-refused': 'a refusal says why',
      'send-of-the-same-text-twice-arrives-twice': 'each of two equal messages has a receipt of its own',
    },
    break: (backend) => ({
      ...backend,
      send: async (_agent, message) => ({ ...claimed(message.id), delivery: 'refused' }),
    }),
  },
  {
    name: 'long texts are cut',
    fails: { 'send-takes-a-megabyte-whole': 'the program received "0123456789' },
    break: (backend) => withText(backend, (text) => text.slice(0, 4_095)),
  },
  {
    name: 'a text that was sent before is taken for a repetition',
    fails: { 'send-of-the-same-text-twice-arrives-twice': '"yes" arrived 2 times' },
    break(backend) {
      const sent = new Set<string>()
      return {
        ...backend,
        async send(agent, message, signal) {
          if (sent.has(message.text)) return claimed(message.id)
          sent.add(message.text)
          return backend.send(agent, message, signal)
        },
      }
    },
  },
  {
    name: 'every message is delivered twice',
    fails: {
      'send-of-the-same-text-twice-arrives-twice': 'the same text sent twice arrives twice',
      'send-from-two-clients-keeps-messages-whole': 'six messages of two clients at once arrive each once',
    },
    break: (backend) => ({
      ...backend,
      async send(agent, message, signal) {
        await backend.send(agent, message, signal)
        return backend.send(agent, message, signal)
      },
    }),
  },
  {
    name: 'messages are sent line by line',
    fails: { 'send-from-two-clients-keeps-messages-whole': 'all of six messages of two clients at once arrive whole' },
    break: (backend) => ({
      ...backend,
      async send(agent, message, signal) {
        for (const text of message.text.split('\n')) await backend.send(agent, { ...message, text }, signal)
        return claimed(message.id)
      },
    }),
  },
  {
    name: 'send confirms without sending',
    fails: { 'send-receipts-hold': 'the program received "[[answer: again]]"' },
    break: (backend) => ({ ...backend, send: async (_agent, message) => claimed(message.id) }),
  },
  {
    name: 'send confirms without evidence',
    fails: { 'send-receipts-hold': 'a receipt that proves arrival carries its evidence' },
    break: (backend) => ({
      ...backend,
      send: async (agent, message, signal) => ({ ...(await backend.send(agent, message, signal)), evidence: [] }),
    }),
  },
  {
    name: 'send claims delivery to anyone',
    fails: {
      'send-to-a-stopped-agent-is-refused': 'send() to a stopped agent is refused',
      'send-to-an-ended-program-is-refused': 'send() to an agent whose program ended is refused',
    },
    break: (backend) => ({
      ...backend,
      async send(agent, message, signal) {
        await backend.send(agent, message, signal)
        return claimed(message.id)
      },
    }),
  },
  {
    name: 'send ignores its signal',
    fails: { 'send-under-an-aborted-signal-sends-nothing': 'send() under an aborted signal rejects with its reason' },
    break: (backend) => ({
      ...backend,
      send: (agent, message) => backend.send(agent, message, new AbortController().signal),
    }),
  },
  {
    name: 'send sends and then notices the abort',
    fails: { 'send-under-an-aborted-signal-sends-nothing': 'send() under an aborted signal sends nothing' },
    break: (backend) => ({
      ...backend,
      async send(agent, message, signal) {
        const receipt = await backend.send(agent, message, new AbortController().signal)
        signal.throwIfAborted()
        return receipt
      },
    }),
  },
  {
    name: 'send reaches every agent',
    fails: { 'send-reaches-only-its-agent': 'another agent does not receive the message' },
    break(backend) {
      const { backend: inner, made } = remembering(backend)
      return {
        ...inner,
        async send(_agent, message, signal) {
          for (const agent of made) await inner.send(agent, message, signal)
          return claimed(message.id)
        },
      }
    },
  },
]
