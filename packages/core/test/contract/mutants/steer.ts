import type { AgentRequest } from '../../../src/agent.ts'
import type { AgentRef, AnswerResult, Backend, Field, Observation, Reply } from '../../../src/backend.ts'
import { claimed, HIDDEN, type Mutant, must, remembering, withObservations } from './mutant.ts'

type Answer = (agent: AgentRef, reply: Reply, signal: AbortSignal) => Promise<AnswerResult>

const ANSWERED: AnswerResult = { result: 'answered', evidence: [] }

function withAnswer(backend: Backend, change: (right: Answer) => Answer): Backend {
  return { ...backend, answer: change(must(backend.answer)) }
}

function withRequests(
  backend: Backend,
  change: (requests: readonly AgentRequest[], seen: Observation) => Field<readonly AgentRequest[]>,
): Backend {
  return withObservations(backend, (seen) =>
    seen.requests.known ? { ...seen, requests: change(seen.requests.value, seen) } : seen,
  )
}

const evidence = { source: 'api', detail: 'remembered', at: new Date().toISOString() } as const

export const steerMutants: readonly Mutant[] = [
  {
    name: 'requests are shown as unanswerable',
    fails: { 'answer-shows-the-request': 'a request of a backend that answers requests is answerable' },
    break: (backend) =>
      withRequests(backend, (requests) => ({
        known: true,
        value: requests.map((request) => ({ ...request, answerable: false })),
        evidence,
      })),
  },
  {
    name: 'an agent asks, whatever it may do',
    fails: { 'answer-is-never-needed-under-deny': 'the turn is "ended"' },
    break: (backend) => ({
      ...backend,
      create: (request, signal) => backend.create({ ...request, permission: null }, signal),
    }),
  },
  {
    name: 'answers are dropped',
    fails: { 'answer-lets-the-agent-go-on': 'the turn is "ended"' },
    break: (backend) => withAnswer(backend, () => async () => ANSWERED),
  },
  {
    name: 'every answer counts',
    fails: {
      'answer-counts-once': 'the second answer to the same request is "already" or "gone"',
      'answer-of-no-request-decides-nothing': 'an answer to an unknown request is not "answered"',
    },
    break: (backend) =>
      withAnswer(backend, (right) => async (agent, reply, signal) => {
        await right(agent, reply, signal)
        return ANSWERED
      }),
  },
  {
    name: 'an answer closes the requests of every agent',
    fails: { 'answer-closes-only-its-request': 'the request of the other agent is still open' },
    break: (backend, { server }) =>
      withAnswer(backend, (right) => async (agent, reply, signal) => {
        const result = await right(agent, reply, signal)
        server.store.change((state) => {
          for (const other of state.agents) other.requests = []
        })
        return result
      }),
  },
  {
    name: 'without a request, requests are unknown',
    fails: { 'answer-shows-no-request-when-none-is-open': 'a backend that shows requests knows that there is none' },
    break: (backend) =>
      withRequests(backend, (requests) => (requests.length > 0 ? { known: true, value: requests, evidence } : HIDDEN)),
  },
  {
    name: 'requests are remembered for ever',
    fails: {
      'answer-lets-the-agent-go-on': 'an answered request is not open any more',
      'interrupt-closes-open-requests': 'no request of an interrupted turn is open',
    },
    break(backend) {
      const remembered = new Map<string, AgentRequest>()
      return withRequests(backend, (requests) => {
        for (const request of requests) remembered.set(request.id, request)
        return { known: true, value: [...remembered.values()], evidence }
      })
    },
  },
  {
    name: 'an interrupted agent takes no more messages',
    fails: { 'interrupt-leaves-a-usable-agent': 'the program received "[[answer: better now]]"' },
    break(backend) {
      let deaf = false
      return {
        ...backend,
        async interrupt(agent, signal) {
          deaf = true
          return must(backend.interrupt)(agent, signal)
        },
        send: async (agent, message, signal) => (deaf ? claimed(message.id) : backend.send(agent, message, signal)),
      }
    },
  },
  {
    name: 'interrupt does nothing and says it did',
    fails: {
      'interrupt-ends-the-turn-and-keeps-the-agent': 'the turn is "ended"',
      'interrupt-without-a-turn-says-so': 'interrupt() without a running turn returns interrupted: false',
    },
    break: (backend) => ({ ...backend, interrupt: async () => ({ interrupted: true, evidence: [] }) }),
  },
  {
    name: 'interrupt ends an agent that has no turn',
    fails: { 'interrupt-without-a-turn-says-so': 'the agent is still there' },
    break: (backend) => ({
      ...backend,
      async interrupt(agent, signal) {
        const result = await must(backend.interrupt)(agent, signal)
        if (!result.interrupted) await backend.stop(agent, signal)
        return result
      },
    }),
  },
  {
    name: 'interrupt ends the turns of every agent',
    fails: { 'interrupt-is-bound-to-its-agent': 'the turn of another agent still runs' },
    break(backend) {
      const { backend: inner, made } = remembering(backend)
      return {
        ...inner,
        async interrupt(agent, signal) {
          const right = must(backend.interrupt)
          const result = await right(agent, signal)
          for (const other of made) await right(other, signal)
          return result
        },
      }
    },
  },
]
