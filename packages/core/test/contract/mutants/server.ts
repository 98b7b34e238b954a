import type { AgentRef, Backend, ServerControl } from '../../../src/backend.ts'
import { type Mutant, must, remembering, withObservations } from './mutant.ts'

function withServer(backend: Backend, change: (right: ServerControl) => Partial<ServerControl>): Backend {
  const right = must(backend.server)
  return { ...backend, server: { ...right, ...change(right) } }
}

/** Whether the agent's server incarnation is over. */
async function isLost(backend: Backend, agent: AgentRef, signal: AbortSignal): Promise<boolean> {
  const { observations } = await backend.observe([agent], signal)
  const existence = observations[0]?.existence
  return existence?.known === true && existence.value === 'lost'
}

export const serverMutants: readonly Mutant[] = [
  {
    name: 'capabilities depend on a look',
    fails: { 'capabilities-need-no-look': 'capabilitiesOf() answers the same while the server does not answer' },
    break: (backend, { server }) => ({
      ...backend,
      capabilitiesOf: (agent) => (server.store.read().status === 'frozen' ? [] : backend.capabilitiesOf(agent)),
    }),
  },
  {
    name: 'an agent can less than was promised',
    fails: { 'capabilities-need-no-look': 'a new agent can what was promised' },
    break: (backend) => ({
      ...backend,
      capabilitiesOf: (agent) => (agent ? ['turns'] : backend.capabilitiesOf(null)),
    }),
  },
  {
    name: 'a capability has no method',
    fails: { 'capabilities-have-their-methods': 'with "requests" there is answer()' },
    break({ answer: _answer, ...rest }) {
      return rest
    },
  },
  {
    name: 'a server that does not run cannot be started',
    fails: { 'probe-before-the-first-agent': 'a usable backend is reached or can be started' },
    break: (backend) => ({
      ...backend,
      probe: async (signal) => ({ ...(await backend.probe(signal)), startable: false }),
    }),
  },
  {
    name: 'probe does not know the incarnation',
    fails: { 'probe-names-the-incarnation': 'probe() and create() name the same incarnation' },
    break: (backend) => ({ ...backend, probe: async (signal) => ({ ...(await backend.probe(signal)), epoch: null }) }),
  },
  {
    name: 'probe takes a process for health',
    fails: { 'probe-of-a-mute-server-is-not-ok': 'a server that does not answer is not ok, with a reason' },
    break: (backend) => ({ ...backend, probe: async (signal) => ({ ...(await backend.probe(signal)), ok: true }) }),
  },
  {
    name: 'an open turn of a dead server is completed',
    options: { survives: true },
    fails: { 'killed-turns-are-never-completed': 'a turn that was open when its server died ended "interrupted"' },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.turn.known && seen.turn.value.status === 'ended'
          ? { ...seen, turn: { ...seen.turn, value: { ...seen.turn.value, how: 'completed' } } }
          : seen,
      ),
  },
  {
    name: 'an open turn of a dead server runs for ever',
    options: { survives: true },
    fails: { 'killed-turns-are-never-completed': 'a turn that was open when its server died ended "interrupted"' },
    break: (backend) =>
      withObservations(backend, (seen) => {
        const turn = { status: 'running', since: null, reason: null } as const
        return seen.turn.known ? { ...seen, turn: { ...seen.turn, value: turn } } : seen
      }),
  },
  {
    name: 'what was lost is gone',
    fails: {
      'killed-turns-are-never-completed': 'after the death of its server the agent is not "gone"',
      'killed-agents-are-not-gone': 'after the death of its server the agent is not "gone"',
    },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.existence.known && seen.existence.value === 'lost'
          ? { ...seen, existence: { ...seen.existence, value: 'gone' } }
          : seen,
      ),
  },
  {
    name: 'an agent without its server looks awake',
    options: { survives: true },
    fails: { 'killed-agents-that-are-kept-sleep': 'what outlives its server is asleep without it' },
    break: (backend) => withObservations(backend, ({ asleep: _asleep, ...seen }) => seen),
  },
  {
    name: 'every agent looks asleep',
    fails: { 'killed-agents-that-are-kept-sleep': 'while its server runs, an agent is not asleep' },
    break: (backend) => withObservations(backend, (seen) => ({ ...seen, asleep: true })),
  },
  {
    name: 'every incarnation has the same name',
    fails: { 'restart-is-another-incarnation': 'a restart changes the epoch' },
    break: (backend) => ({
      ...backend,
      create: async (request, signal) => ({ ...(await backend.create(request, signal)), epoch: '0' }),
    }),
  },
  {
    name: 'numbers of lost agents mean the newest one',
    fails: {
      'restart-does-not-confuse-agents': 'no message for the old agent reaches the new one',
      'restart-does-not-endanger-strangers': 'stop() of an old agent leaves the new one alone',
    },
    break(backend) {
      const { backend: inner, made } = remembering(backend)
      const meant = async (agent: AgentRef, signal: AbortSignal): Promise<AgentRef> =>
        (await isLost(inner, agent, signal)) ? must(made.at(-1)) : agent
      return {
        ...inner,
        send: async (agent, message, signal) => inner.send(await meant(agent, signal), message, signal),
        stop: async (agent, signal) => inner.stop(await meant(agent, signal), signal),
      }
    },
  },
  {
    name: 'lost agents look present again after a restart',
    fails: { 'restart-does-not-confuse-agents': 'observe() and find() agree about an agent of the old incarnation' },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.existence.known && seen.existence.value === 'lost'
          ? { ...seen, existence: { ...seen.existence, value: 'present' } }
          : seen,
      ),
  },
  {
    name: 'of an agent more is said than it can do',
    fails: { 'capabilities-are-known-before': 'an agent can do what capabilitiesFor() said of it' },
    break: (backend) => ({
      ...backend,
      capabilitiesFor: async () => backend.capabilitiesOf(null),
      capabilitiesOf: (agent) =>
        backend.capabilitiesOf(agent).filter((capability) => agent === null || capability !== 'answers'),
    }),
  },
  {
    name: 'capabilitiesFor makes the agent that it is asked about',
    fails: { 'capabilities-are-known-before': 'capabilitiesFor() makes nothing' },
    break: (backend) => ({
      ...backend,
      async capabilitiesFor(plan, signal) {
        const request = { id: 'too-early', title: '', prompt: '', workspace: plan.directory, env: {} }
        await backend.create({ ...plan, ...request }, signal)
        return backend.capabilitiesOf(null)
      },
    }),
  },
  {
    name: 'asking for the status of the server starts it',
    fails: { 'server-starts-and-stops': 'status() shows the stopped server and does not start it' },
    break: (backend) => withServer(backend, (right) => ({ status: right.start })),
  },
  {
    name: 'start replaces a running server',
    fails: { 'server-starts-and-stops': 'start() of a running server keeps it' },
    break: (backend) =>
      withServer(backend, (right) => ({
        async start(signal) {
          await right.stop(signal)
          return right.start(signal)
        },
      })),
  },
]
