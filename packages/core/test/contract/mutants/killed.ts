import type { Backend, ReadResult } from '../../../src/backend.ts'
import { claimed, type Mutant, must, withObservations } from './mutant.ts'

const EMPTY: ReadResult = { items: [], before: null, gap: null }

/** Whether no server answers any more. */
async function isDead(backend: Backend, signal: AbortSignal): Promise<boolean> {
  return !(await backend.probe(signal)).ok
}

export const killedMutants: readonly Mutant[] = [
  {
    name: 'probe trusts in a server that is dying',
    fails: { 'killed-during-a-look-claims-nothing': 'probe() of a server that dies is not ok' },
    break: (backend) => ({ ...backend, probe: async (signal) => ({ ...(await backend.probe(signal)), ok: true }) }),
  },
  {
    name: 'what dies with its server is gone',
    fails: { 'killed-during-a-look-claims-nothing': 'observe() of a server that dies does not say "gone"' },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.existence.known && seen.existence.value === 'lost'
          ? { ...seen, existence: { ...seen.existence, value: 'gone' } }
          : seen,
      ),
  },
  {
    name: 'the transcript of a dead server is silently empty',
    fails: { 'killed-during-a-look-claims-nothing': 'read() of a server that dies is not silently empty' },
    break: (backend) => ({
      ...backend,
      async read(agent, query, signal) {
        const page = await backend.read(agent, query, signal)
        return (await isDead(backend, signal)) ? EMPTY : page
      },
    }),
  },
  {
    name: 'find at a dead server shows nothing of what survives it',
    options: { survives: true },
    fails: { 'killed-during-a-look-claims-nothing': 'find() of a server that dies does not hide an agent' },
    break: (backend) => ({
      ...backend,
      async find(targets, signal) {
        const found = await backend.find(targets, signal)
        return (await isDead(backend, signal)) ? [] : found
      },
    }),
  },
  {
    name: 'a message to a dead server is confirmed',
    fails: {
      'killed-during-an-act-claims-nothing': 'a message is "confirmed" only when it has arrived',
      'killed-during-begin-claims-nothing': 'a message is "confirmed" only when it has arrived',
    },
    break(backend) {
      const deliver =
        (method: 'send' | 'begin'): Backend['send'] =>
        async (agent, message, signal) => {
          await backend[method](agent, message, signal)
          return claimed(message.id)
        }
      return { ...backend, send: deliver('send'), begin: deliver('begin') }
    },
  },
  {
    name: 'a message that was cut off is sent again and refused',
    options: { survives: true },
    fails: { 'killed-during-begin-claims-nothing': 'a message that was refused has not arrived' },
    break: (backend) => ({
      ...backend,
      async begin(agent, message, signal) {
        const receipt = await backend.begin(agent, message, signal)
        return { ...receipt, delivery: 'refused', reason: { code: 'LOST', text: 'The server ended' } }
      },
    }),
  },
  {
    name: 'stop takes the death of the server for the end of what survives it',
    options: { survives: true },
    fails: { 'killed-during-stop-claims-nothing': 'a stop() that is proven while its server died ended the agent' },
    break: (backend, { server }) => ({
      ...backend,
      async stop(agent, signal) {
        if (server.store.read().status === 'up') return backend.stop(agent, signal)
        const at = new Date().toISOString()
        return { proven: true, evidence: [{ source: 'api', detail: 'the server is dead', at }] }
      },
    }),
  },
  {
    name: 'create at a dying server makes two agents',
    fails: { 'killed-during-an-act-claims-nothing': 'create() of a server that dies makes at most one agent' },
    break: (backend, { server }) => ({
      ...backend,
      async create(request, signal) {
        const wasUp = server.store.read().status !== 'frozen'
        const result = await backend.create(request, signal)
        if (!wasUp) server.store.change((state) => state.agents.push({ ...must(state.agents.at(-1)), key: 'second' }))
        return result
      },
    }),
  },
  {
    name: 'create says what it did not make',
    fails: { 'killed-during-an-act-claims-nothing': 'what create() returned while its server died is there' },
    break: (backend, { server }) => ({
      ...backend,
      async create(request, signal) {
        const wasUp = server.store.read().status !== 'frozen'
        const result = await backend.create(request, signal)
        if (!wasUp) server.store.change((state) => state.agents.pop())
        return result
      },
    }),
  },
  {
    name: 'every answer to a dead server counts',
    fails: { 'killed-during-an-answer-claims-nothing': 'answer() that lost its server does not say "answered"' },
    break: (backend) => ({
      ...backend,
      async answer(agent, reply, signal) {
        const result = await must(backend.answer)(agent, reply, signal)
        return { ...result, result: 'answered' }
      },
    }),
  },
  {
    name: 'the death of the server is an interruption',
    fails: {
      'killed-during-an-interrupt-claims-nothing': 'interrupt() that lost its server does not say that it interrupted',
    },
    break: (backend) => ({
      ...backend,
      async interrupt(agent, signal) {
        const result = await must(backend.interrupt)(agent, signal)
        return { ...result, interrupted: true }
      },
    }),
  },
  {
    name: 'nothing that was cut off ever ends',
    fails: {
      'killed-during-a-look-claims-nothing': 'every look ends when its server dies',
      'killed-during-an-act-claims-nothing': 'every act ends when its server dies',
      'killed-during-stop-claims-nothing': 'stop() ends when its server dies',
      'killed-during-begin-claims-nothing': 'begin() ends when its server dies',
      'killed-during-an-answer-claims-nothing': 'answer() ends when its server dies',
      'killed-during-an-interrupt-claims-nothing': 'interrupt() ends when its server dies',
    },
    break(backend, { server }) {
      const endless = <Args extends unknown[], Result>(right: (...args: Args) => Promise<Result>) => {
        return (...args: Args): Promise<Result> =>
          server.store.read().status === 'frozen' ? new Promise(() => {}) : right(...args)
      }
      const { probe, send, begin, stop } = backend
      const [answer, interrupt] = [must(backend.answer), must(backend.interrupt)]
      return {
        ...backend,
        probe: endless(probe),
        send: endless(send),
        begin: endless(begin),
        stop: endless(stop),
        answer: endless(answer),
        interrupt: endless(interrupt),
      }
    },
  },
]
