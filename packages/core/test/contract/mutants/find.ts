import { OrchError } from '../../../src/errors.ts'
import { type Mutant, remembering } from './mutant.ts'

export const findMutants: readonly Mutant[] = [
  {
    name: 'find rejects while no server runs',
    fails: { 'find-shows-nothing-at-a-fresh-target': 'find() at a target where nothing was created resolves' },
    break: (backend) => ({
      ...backend,
      async find(targets, signal) {
        const { ok } = await backend.probe(signal)
        if (!ok) throw new OrchError('BACKEND_UNREACHABLE', 'Cannot find agents: no server runs')
        return backend.find(targets, signal)
      },
    }),
  },
  {
    name: 'find shows only what this client made',
    fails: { 'find-sees-what-other-clients-made': 'find() shows the agent of another client' },
    break(backend) {
      const { backend: inner, made } = remembering(backend)
      return {
        ...inner,
        async find(targets, signal) {
          const found = await inner.find(targets, signal)
          return found.filter(({ id }) => made.some((agent) => agent.id === id))
        },
      }
    },
  },
  {
    name: 'find shows every registry',
    fails: { 'find-leaves-other-registries-alone': 'find() of another registry does not show the agent' },
    break: (backend, { open }) => ({ ...backend, find: open().find }),
  },
  {
    name: 'find does not say where',
    fails: { 'find-results-are-whole': 'find() says where each agent is' },
    break: (backend) => ({
      ...backend,
      find: async (targets, signal) => (await backend.find(targets, signal)).map((entry) => ({ ...entry, detail: '' })),
    }),
  },
  {
    name: 'find takes a failed look for nothing',
    fails: { 'find-rejects-when-it-cannot-look': 'find() rejects when the server does not answer' },
    break: (backend) => ({ ...backend, find: (targets, signal) => backend.find(targets, signal).catch(() => []) }),
  },
]
