import { isOrchError, OrchError } from '../../../src/errors.ts'
import { type Mutant, must } from './mutant.ts'

const EXISTING = { epoch: null, begun: false, receipt: null, program: 'simulated', model: null }

export const createMutants: readonly Mutant[] = [
  {
    name: 'find shows nothing',
    fails: {
      'create-is-findable': 'find() shows the created agent once',
      'create-several-at-once': 'each of five create() calls at once made its agent',
    },
    break: (backend) => ({ ...backend, find: async () => [] }),
  },
  {
    name: 'create returns the agent that is there',
    fails: { 'create-twice-is-refused': 'a second create() of the same id rejects with AGENT_EXISTS' },
    break: (backend) => ({
      ...backend,
      create: (request, signal) =>
        backend.create(request, signal).catch((error: unknown) => {
          if (isOrchError(error) && error.code === 'AGENT_EXISTS') return { handle: null, ...EXISTING }
          throw error
        }),
    }),
  },
  {
    name: 'create looks only at what this client made',
    fails: { 'create-looks-before-it-creates': 'create() of an id that another client made rejects with AGENT_EXISTS' },
    break(backend) {
      const mine = new Set<string>()
      return {
        ...backend,
        async create(request, signal) {
          try {
            const result = await backend.create(request, signal)
            mine.add(request.id)
            return result
          } catch (error) {
            if (mine.has(request.id)) throw error
            return { handle: null, ...EXISTING }
          }
        },
      }
    },
  },
  {
    name: 'create loses all but one of several at once',
    fails: { 'create-several-at-once': 'each of five create() calls at once made its agent' },
    break(backend) {
      let busy = false
      return {
        ...backend,
        async create(request, signal) {
          if (busy) return { handle: null, ...EXISTING }
          busy = true
          const result = await backend.create(request, signal)
          busy = false
          return result
        },
      }
    },
  },
  {
    name: 'create makes a second agent of the same id',
    fails: { 'create-by-twenty-processes-makes-one': 'twenty spawns of one key at once made one agent on the server' },
    break: (backend, { server }) => ({
      ...backend,
      async create(request, signal) {
        const result = await backend.create(request, signal)
        server.store.change((state) => state.agents.push({ ...must(state.agents.at(-1)), key: 'second' }))
        return result
      },
    }),
  },
  {
    name: 'create ignores its signal',
    fails: { 'create-aborted-before-makes-nothing': 'create() under an aborted signal rejects' },
    break: (backend) => ({ ...backend, create: (request) => backend.create(request, new AbortController().signal) }),
  },
  {
    name: 'create makes the agent and then notices the abort',
    fails: { 'create-aborted-before-makes-nothing': 'create() under an aborted signal made nothing' },
    break: (backend) => ({
      ...backend,
      async create(request, signal) {
        const result = await backend.create(request, new AbortController().signal)
        signal.throwIfAborted()
        return result
      },
    }),
  },
  {
    name: 'an aborted create keeps the id taken',
    fails: {
      'create-aborted-during-is-whole-or-nothing': 'after an aborted and a second create() there is exactly one',
    },
    break(backend) {
      const taken = new Set<string>()
      return {
        ...backend,
        async create(request, signal) {
          if (taken.has(request.id))
            throw new OrchError('AGENT_EXISTS', `Cannot create agent "${request.id}": it is taken`)
          taken.add(request.id)
          await Promise.resolve()
          signal.throwIfAborted()
          return backend.create(request, signal)
        },
      }
    },
  },
  {
    name: 'handles hold a Date',
    fails: {
      'create-results-survive-json': 'the results of create() are the same after JSON',
      'find-results-are-whole': 'the results of find() are the same after JSON',
    },
    break: (backend) => ({
      ...backend,
      async create(request, signal) {
        const result = await backend.create(request, signal)
        return { ...result, handle: { ...(result.handle as object), at: new Date() as never } }
      },
      async find(targets, signal) {
        const found = await backend.find(targets, signal)
        return found.map((entry) => ({ ...entry, handle: { at: new Date() as never } }))
      },
    }),
  },
  {
    name: 'create does not say which program runs',
    fails: { 'create-names-its-program': 'create() says which program runs' },
    break: (backend) => ({
      ...backend,
      create: async (request, signal) => ({ ...(await backend.create(request, signal)), program: null }),
    }),
  },
]
