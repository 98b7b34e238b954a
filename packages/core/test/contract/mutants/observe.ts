import type { Observation } from '../../../src/backend.ts'
import { HIDDEN, type Mutant, must, withObservations } from './mutant.ts'

const isWord = (seen: Observation, word: string): boolean => seen.existence.known && seen.existence.value === word

export const observeMutants: readonly Mutant[] = [
  {
    name: 'observe leaves out what is gone',
    fails: { 'observe-answers-for-each-agent': 'observe() returns one observation for each agent asked for' },
    break: (backend) => ({
      ...backend,
      async observe(agents, signal) {
        const result = await backend.observe(agents, signal)
        return { ...result, observations: result.observations.filter((seen) => !isWord(seen, 'gone')) }
      },
    }),
  },
  {
    name: 'observe answers for everyone what it saw of the first',
    fails: { 'observe-answers-for-each-agent': 'observe() tells the agents apart' },
    break: (backend) => ({
      ...backend,
      async observe(agents, signal) {
        const result = await backend.observe(agents, signal)
        const first = result.observations[0]
        return { ...result, observations: agents.map(({ id }) => ({ ...must(first), id })) }
      },
    }),
  },
  {
    name: 'observe answers for twenty at most',
    fails: { 'observe-of-many': 'observe() answers for fifty agents, each once' },
    break: (backend) => ({ ...backend, observe: (agents, signal) => backend.observe(agents.slice(0, 20), signal) }),
  },
  {
    name: 'observe matches agents by the beginning of their id',
    fails: { 'observe-of-many': 'of fifty agents exactly the stopped one is not present' },
    break: (backend) => ({
      ...backend,
      async observe(agents, signal) {
        const full = (id: string): string => id.split('-').slice(0, 6).join('-')
        const result = await backend.observe(
          agents.map((agent) => ({ ...agent, id: full(agent.id) })),
          signal,
        )
        const named = result.observations.map((seen, index) => ({ ...seen, id: agents[index]?.id ?? seen.id }))
        return { ...result, observations: named }
      },
    }),
  },
  {
    name: 'observe asks for each agent',
    fails: { 'observe-of-many': 'fifty agents take no more looks than one' },
    break: (backend) => ({
      ...backend,
      async observe(agents, signal) {
        const result = await backend.observe(agents, signal)
        const each = await Promise.all(agents.map((agent) => backend.observe([agent], signal)))
        return { ...result, observations: each.flatMap(({ observations }) => observations) }
      },
    }),
  },
  {
    name: 'observe gives each agent the answer of its neighbour',
    fails: { 'observe-of-many': 'of fifty agents exactly the stopped one is not present' },
    break: (backend) => ({
      ...backend,
      async observe(agents, signal) {
        const { observations, ...rest } = await backend.observe(agents, signal)
        const moved = observations.map((seen, index) => ({ ...must(observations.at(index - 1)), id: seen.id }))
        return { ...rest, observations: moved }
      },
    }),
  },
  {
    name: 'observe answers twice for one of many',
    fails: { 'observe-of-many': 'observe() answers for fifty agents, each once' },
    break: (backend) => ({
      ...backend,
      async observe(agents, signal) {
        const { observations, ...rest } = await backend.observe(agents, signal)
        const twice = agents.length > 10 ? observations.slice(0, 1) : []
        return { ...rest, observations: [...observations, ...twice] }
      },
    }),
  },
  {
    name: 'find shows one page of forty',
    fails: { 'observe-of-many': 'find() shows fifty agents, each once' },
    break: (backend) => ({
      ...backend,
      find: async (targets, signal) => (await backend.find(targets, signal)).slice(0, 40),
    }),
  },
  {
    name: 'everything is unknown',
    fails: {
      'known-created': '"existence" is known of an agent that is created',
      'known-begun': '"existence" is known of an agent that is begun',
      'known-stopped': '"existence" is known of an agent that is stopped',
      'known-killed': '"existence" is known of an agent that is killed',
    },
    break: (backend) =>
      withObservations(backend, (seen) => ({ ...seen, existence: HIDDEN, lastActivityAt: HIDDEN, usage: HIDDEN })),
  },
  {
    name: 'a look at nobody is never complete',
    fails: { 'observe-of-nobody': 'observe() of no agents is complete' },
    break: (backend) => ({
      ...backend,
      observe: async (agents, signal) => ({ ...(await backend.observe(agents, signal)), complete: agents.length > 0 }),
    }),
  },
  {
    name: 'evidence says nothing',
    fails: { 'observe-carries-evidence': 'the known field "existence" carries evidence' },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.existence.known
          ? { ...seen, existence: { ...seen.existence, evidence: { ...seen.existence.evidence, detail: '' } } }
          : seen,
      ),
  },
  {
    name: 'unknown fields have no reason',
    fails: { 'observe-carries-evidence': 'the unknown field "usage" carries a reason' },
    break: (backend) =>
      withObservations(backend, (seen) => ({ ...seen, usage: { known: false, reason: { code: '', text: '' } } })),
  },
  {
    name: 'what is never shown looks like a failed look',
    options: { without: ['turns'] },
    fails: { 'observe-says-what-it-never-shows': 'without "turns" "turn" is NOT_SHOWN' },
    break: (backend) => withObservations(backend, (seen) => ({ ...seen, turn: HIDDEN })),
  },
  {
    name: 'facts hold a Date',
    fails: { 'observe-results-survive-json': 'an observation is the same after JSON' },
    break: (backend) => withObservations(backend, (seen) => ({ ...seen, facts: { at: new Date() as never } })),
  },
  {
    name: 'observe claims that nothing was found',
    fails: { 'observe-agrees-with-find': 'what observe() found is what find() shows' },
    break: (backend) => ({
      ...backend,
      observe: async (agents, signal) => ({ ...(await backend.observe(agents, signal)), found: [] }),
    }),
  },
  {
    name: 'observe takes silence for absence',
    fails: { 'observe-of-a-mute-server-is-unknown': 'the agent of a server that does not answer is unknown' },
    break: (backend) =>
      withObservations(backend, (seen) => {
        const evidence = { source: 'api', detail: 'no answer', at: seen.at } as const
        return seen.existence.known ? seen : { ...seen, existence: { known: true, value: 'gone', evidence } }
      }),
  },
  {
    name: 'observe has no deadline of its own',
    options: { deadlineMs: 60_000 },
    fails: {
      'observe-of-a-mute-server-is-unknown': 'observe() answers by itself though the server does not',
      'find-rejects-when-it-cannot-look': 'find() settles though the server does not answer',
      'probe-of-a-mute-server-is-not-ok': 'probe() answers by itself though the server does not',
    },
    break: (backend) => backend,
  },
  {
    name: 'observe marks a failed look as complete',
    fails: { 'observe-of-a-mute-server-is-unknown': 'a look that failed is not complete' },
    break: (backend) => ({
      ...backend,
      observe: async (agents, signal) => ({ ...(await backend.observe(agents, signal)), complete: true }),
    }),
  },
  {
    name: 'observe starts the server',
    fails: { 'observe-starts-no-server': 'after observe() the killed server is still down' },
    break: (backend) => ({
      ...backend,
      async observe(agents, signal) {
        await must(backend.server).start(signal)
        return backend.observe(agents, signal)
      },
    }),
  },
  {
    name: 'what was used could never be looked at',
    options: { without: ['usage'] },
    fails: { 'observe-says-what-it-never-shows': 'without "usage" "usage" is NOT_SHOWN' },
    break: (backend) => withObservations(backend, (seen) => ({ ...seen, usage: HIDDEN })),
  },
  {
    name: 'usage is never known',
    fails: {
      'observe-says-what-it-never-shows': 'with "usage" the field "usage" is known',
      'known-created': '"usage" is known of an agent that is created',
      'known-begun': '"usage" is known of an agent that is begun',
      'known-working': '"usage" is known of an agent that is working',
      'known-idle': '"usage" is known of an agent that is idle',
      'known-waiting': '"usage" is known of an agent that is waiting',
      'known-exited': '"usage" is known of an agent that is exited',
    },
    break: (backend) => withObservations(backend, (seen) => ({ ...seen, usage: HIDDEN })),
  },
  {
    name: 'what is not there is unknown',
    fails: {
      'known-stopped': '"existence" is known of an agent that is stopped',
      'known-killed': '"existence" is known of an agent that is killed',
    },
    break: (backend) =>
      withObservations(backend, (seen) => (isWord(seen, 'present') ? seen : { ...seen, existence: HIDDEN })),
  },
]
