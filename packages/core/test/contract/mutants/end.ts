import type { ProcessInfo } from '../../../src/backend.ts'
import { type Mutant, remembering, withObservations } from './mutant.ts'

const proof = (proven: boolean) => ({
  proven,
  evidence: [{ source: 'api', detail: 'claimed', at: new Date().toISOString() } as const],
})

const EXITED_WELL: ProcessInfo = { alive: false, exit: { code: 0, signal: null } }

export const endMutants: readonly Mutant[] = [
  {
    name: 'every ended process ended with 0',
    fails: {
      'exit-code-is-known': 'a program that exited with 3 is seen to have',
      'killed-processes-did-not-exit-well': 'is neither alive nor ended with code 0',
    },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.process.known && !seen.process.value.alive
          ? { ...seen, process: { ...seen.process, value: EXITED_WELL } }
          : seen,
      ),
  },
  {
    name: 'an ended program is gone',
    fails: { 'exit-keeps-the-place': 'an agent whose program ended by itself is present until it is stopped' },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.existence.known && seen.process.known && !seen.process.value.alive
          ? { ...seen, existence: { ...seen.existence, value: 'gone' } }
          : seen,
      ),
  },
  {
    name: 'a quiet process is dead',
    fails: { 'exit-is-not-guessed': 'the process of a quiet agent is alive' },
    break: (backend) =>
      withObservations(backend, (seen) =>
        seen.process.known ? { ...seen, process: { ...seen.process, value: EXITED_WELL } } : seen,
      ),
  },
  {
    name: 'stop proves nothing',
    fails: {
      'stop-proves-the-end': 'stop() of a living agent is proven',
      'stop-ends-a-running-turn': 'stop() during a turn is proven',
      'stop-ends-what-ignores-a-hang-up': 'stop() of a program that ignores HUP is proven',
    },
    break: (backend) => ({
      ...backend,
      async stop(agent, signal) {
        await backend.stop(agent, signal)
        return proof(false)
      },
    }),
  },
  {
    name: 'stop does nothing and claims proof',
    fails: {
      'stop-proves-the-end': 'a stopped agent is gone',
      'stop-ends-a-running-turn': 'a stopped agent is gone',
      'stop-ends-a-waiting-agent': 'a stopped agent is gone',
      'stop-before-begin': 'a stopped agent is gone',
      'stop-has-something-to-end': 'nothing is left of an agent that was stopped',
    },
    break: (backend) => ({ ...backend, stop: async () => proof(true) }),
  },
  {
    name: 'stop hangs up and takes that for the end',
    fails: {
      'stop-ends-what-ignores-a-hang-up': 'nothing of a program that ignores HUP is left after stop()',
    },
    break: (backend, { server }) => ({
      ...backend,
      async stop(agent, signal) {
        const isStubborn = server.store.read().agents.some(({ id, stubborn }) => id === agent.id && stubborn)
        return isStubborn ? proof(true) : backend.stop(agent, signal)
      },
    }),
  },
  {
    name: 'agents are nowhere to be seen',
    fails: { 'stop-has-something-to-end': 'an agent that was not stopped is something left' },
    break: (backend, { server }) =>
      withObservations(backend, (seen) => {
        if (seen.turn.known && seen.turn.value.status === 'ended')
          server.store.change((state) => {
            for (const agent of state.agents) agent.stopped = true
          })
        return seen
      }),
  },
  {
    name: 'stop of what is gone cannot be proven',
    fails: { 'stop-twice-is-fine': 'stop() of a stopped agent resolves and is proven' },
    break: (backend) => ({
      ...backend,
      async stop(agent, signal) {
        const { observations } = await backend.observe([agent], signal)
        const existence = observations[0]?.existence
        const gone = existence?.known && existence.value === 'gone'
        return gone ? proof(false) : backend.stop(agent, signal)
      },
    }),
  },
  {
    name: 'stop ends every agent',
    fails: { 'stop-leaves-the-others': 'the other agent is still there' },
    break(backend) {
      const { backend: inner, made } = remembering(backend)
      return {
        ...inner,
        async stop(agent, signal) {
          for (const other of made) await inner.stop(other, signal)
          return inner.stop(agent, signal)
        },
      }
    },
  },
  {
    name: 'stopped agents keep asking',
    fails: { 'stop-ends-a-waiting-agent': 'a stopped agent has no open request' },
    break(backend) {
      let asked: Parameters<Parameters<typeof withObservations>[1]>[0]['requests'] | undefined
      return withObservations(backend, (seen) => {
        if (seen.requests.known && seen.requests.value.length > 0) asked = seen.requests
        return asked ? { ...seen, requests: asked } : seen
      })
    },
  },
  {
    name: 'stop takes silence for the end',
    fails: { 'stop-claims-nothing-without-an-answer': 'a stop that is proven ended the agent' },
    break: (backend) => ({
      ...backend,
      stop: (agent, signal) => backend.stop(agent, signal).catch(() => proof(true)),
    }),
  },
  {
    name: 'close ends the agents',
    fails: { 'close-keeps-the-agents': 'the agent is there after its client was closed' },
    break(backend) {
      const { backend: inner, made } = remembering(backend)
      return {
        ...inner,
        async close() {
          for (const agent of made) await inner.stop(agent, new AbortController().signal)
        },
      }
    },
  },
  {
    name: 'close of a closed client rejects',
    fails: { 'close-twice-is-fine': 'close() of a closed client resolves' },
    break(backend) {
      let closed = false
      return {
        ...backend,
        async close() {
          if (closed) throw new Error('closed before')
          closed = true
        },
      }
    },
  },
]
