import { existsSync } from 'node:fs'
import type { Backend, Message } from '../../../src/backend.ts'
import type { Mutant } from './mutant.ts'

function withMessage(backend: Backend, change: (message: Message) => Message): Backend {
  return {
    ...backend,
    begin: (agent, message, signal) => backend.begin(agent, change(message), signal),
    send: (agent, message, signal) => backend.send(agent, change(message), signal),
  }
}

export const attachmentMutants: readonly Mutant[] = [
  {
    name: 'only the text is delivered',
    fails: {
      'send-carries-files': 'the program or model got each file as it is',
      'begin-carries-files': 'the file came with the task',
      'send-without-its-file-sends-nothing': 'send() with a file that is gone rejects',
    },
    break: (backend) => withMessage(backend, ({ id, text }) => ({ id, text })),
  },
  {
    name: 'a file that is gone is left out',
    fails: { 'send-without-its-file-sends-nothing': 'send() with a file that is gone rejects' },
    break: (backend) =>
      withMessage(backend, ({ id, text, attachments = [] }) => {
        return { id, text, attachments: attachments.filter(({ path }) => existsSync(path)) }
      }),
  },
  {
    name: 'the text goes before its files are read',
    fails: { 'send-without-its-file-sends-nothing': 'nothing of that message arrived' },
    break: (backend) => ({
      ...backend,
      async send(agent, message, signal) {
        const missing = message.attachments?.some(({ path }) => !existsSync(path))
        if (missing) await backend.send(agent, { id: message.id, text: message.text }, signal)
        return backend.send(agent, message, signal)
      },
    }),
  },
]
