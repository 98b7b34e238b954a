import type { Backend } from '../../../src/backend.ts'
import { type Mutant, must } from './mutant.ts'

type Adopt = NonNullable<Backend['adopt']>

function withAdopt(backend: Backend, change: (right: Adopt) => Adopt): Backend {
  return { ...backend, adopt: change(must(backend.adopt)) }
}

export const adoptMutants: readonly Mutant[] = [
  {
    name: 'adoptable lists nothing',
    fails: { 'adopt-lists-what-nobody-made': 'adoptable() lists what runs and was not made by orch' },
    break: (backend) => ({ ...backend, adoptable: async () => [] }),
  },
  {
    name: 'adoptable offers agents too',
    fails: { 'adopt-lists-what-nobody-made': 'adoptable() offers no agent' },
    break: (backend, { server }) => ({
      ...backend,
      async adoptable(name, signal) {
        const all = await must(backend.adoptable)(name, signal)
        const agents = server.store.read().agents.filter(({ namespace }) => namespace !== '')
        const { target } = backend
        const more = agents.map(({ id, key, title }) => ({
          place: key,
          target,
          title,
          directory: null,
          program: null,
          detail: id,
        }))
        return [...all, ...more]
      },
    }),
  },
  {
    name: 'adopt says so and puts no tag on it',
    fails: { 'adopt-makes-it-an-agent': 'an adopted agent is there' },
    break: (backend) =>
      withAdopt(backend, () => async ({ place }) => {
        return { handle: { key: place }, epoch: null, begun: true, receipt: null, program: null, model: null }
      }),
  },
  {
    name: 'an adopted agent counts as one without a task',
    fails: { 'adopt-makes-it-an-agent': 'find() says that the adopted agent has its task' },
    break: (backend, { server }) =>
      withAdopt(backend, (right) => async (request, signal) => {
        const result = await right(request, signal)
        server.store.change((state) => {
          for (const agent of state.agents) if (agent.id === request.id) agent.begun = false
        })
        return result
      }),
  },
  {
    name: 'an adopted agent is said to have ended well',
    fails: { 'adopt-claims-nothing-about-its-end': 'an adopted agent has no exit while it runs' },
    break: (backend) => ({
      ...backend,
      async observe(...call) {
        const result = await backend.observe(...call)
        const exit = { code: 0, signal: null }
        const observations = result.observations.map((seen) =>
          seen.process.known ? { ...seen, process: { ...seen.process, value: { alive: true, exit } } } : seen,
        )
        return { ...result, observations }
      },
    }),
  },
  {
    name: 'what is adopted can be adopted again',
    fails: { 'adopt-by-two-at-once-makes-one': 'of two adopt() at once one is refused with AGENT_EXISTS' },
    break: (backend) =>
      withAdopt(backend, (right) => (request, signal) => {
        const again = {
          handle: { key: request.place },
          epoch: null,
          begun: true,
          receipt: null,
          program: null,
          model: null,
        }
        return right(request, signal).catch(() => again)
      }),
  },
  {
    name: 'adopt of nothing makes an agent',
    fails: { 'adopt-of-nothing-is-refused': 'adopt() of nothing rejects with AGENT_NOT_FOUND' },
    break: (backend, { server }) =>
      withAdopt(backend, (right) => (request, signal) => right({ ...request, place: server.stranger('new') }, signal)),
  },
  {
    name: 'stop leaves what was adopted running',
    fails: { 'adopt-then-stop-ends-it': 'an adopted agent that was stopped is gone' },
    break: (backend) => {
      const taken = new Set<string>()
      return {
        ...withAdopt(backend, (right) => (request, signal) => {
          taken.add(request.id)
          return right(request, signal)
        }),
        stop: async (agent, signal) =>
          taken.delete(agent.id) ? { proven: true, evidence: [] } : backend.stop(agent, signal),
      }
    },
  },
]
