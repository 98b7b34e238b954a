import type { Backend } from '../../../src/backend.ts'
import { isOrchError, OrchError } from '../../../src/errors.ts'
import { type Mutant, must } from './mutant.ts'

type Resume = NonNullable<Backend['resume']>

function withResume(backend: Backend, change: (right: Resume) => Resume): Backend {
  return { ...backend, resume: change(must(backend.resume)) }
}

export const resumeMutants: readonly Mutant[] = [
  {
    name: 'resume says so and brings nothing back',
    fails: { 'resume-goes-on-with-the-conversation': 'a resumed agent is there' },
    break: (backend) =>
      withResume(backend, () => async (agent) => {
        const { handle } = agent
        return { handle, epoch: null, begun: true, receipt: null, program: null, model: null }
      }),
  },
  {
    name: 'resume begins a new conversation',
    fails: {
      'resume-goes-on-with-the-conversation': 'the transcript of a resumed agent holds what it said before',
      'abort-before-resume-makes-nothing': 'resume() under an aborted signal rejects with its reason',
    },
    break: (backend) =>
      withResume(backend, () => (_agent, request) => backend.create(request, new AbortController().signal)),
  },
  {
    name: 'resume makes a second agent beside the first',
    fails: {
      'resume-goes-on-with-the-conversation': 'find() shows the resumed agent once, under its id',
      'resume-by-two-at-once-makes-one': 'after two resume() at once find() shows one agent',
    },
    break: (backend, { server }) =>
      withResume(backend, (right) => async (agent, request, signal) => {
        const result = await right(agent, request, signal)
        server.store.change((state) => state.agents.unshift({ ...must(state.agents.at(-1)), key: 'second' }))
        return result
      }),
  },
  {
    name: 'resume gives the task again',
    fails: { 'resume-goes-on-with-the-conversation': 'a resumed agent is not given its task again' },
    break: (backend) =>
      withResume(backend, (right) => async (agent, request, signal) => {
        const result = await right(agent, request, signal)
        await backend.send({ ...agent, handle: result.handle }, { id: 'again', text: request.prompt }, signal)
        return result
      }),
  },
  {
    name: 'resume of a running agent is fine',
    fails: {
      'resume-of-a-running-agent-is-refused': 'resume() of an agent that runs rejects with AGENT_EXISTS',
      'resume-by-two-at-once-makes-one': 'of two resume() at once one is refused with AGENT_EXISTS',
      'resume-brings-back-an-ended-program': 'a second resume() finds the agent there',
      'resume-of-a-stopped-agent-is-refused': 'resume() of a stopped agent rejects with CREATE_FAILED',
    },
    break: (backend) =>
      withResume(backend, (right) => async (agent, request, signal) => {
        const result = { handle: agent.handle, epoch: null, begun: true, receipt: null, program: null, model: null }
        return right(agent, request, signal).catch(() => result)
      }),
  },
  {
    name: 'a resumed program has the exit of its last run',
    fails: { 'resume-brings-back-an-ended-program': 'the exit of its last run is not its own' },
    break: (backend, { server }) =>
      withResume(backend, (right) => async (agent, request, signal) => {
        const result = await right(agent, request, signal)
        server.exit(agent.id, { code: 3, signal: null })
        return result
      }),
  },
  {
    name: 'a refused resume makes an agent all the same',
    fails: {
      'resume-of-a-running-agent-is-refused': 'after a refused resume() there is still one agent',
      'resume-of-a-stopped-agent-is-refused': 'after a refused resume() there is no agent',
    },
    break: (backend, { server }) =>
      withResume(backend, (right) => async (agent, request, signal) => {
        try {
          return await right(agent, request, signal)
        } catch (error) {
          const again = { key: 'second', stopped: false }
          server.store.change((state) => state.agents.push({ ...must(state.agents.at(-1)), ...again }))
          throw isOrchError(error) ? error : new OrchError('INTERNAL', 'Cannot resume: it failed')
        }
      }),
  },
  {
    name: 'resume brings the agent back and then notices the abort',
    fails: { 'abort-before-resume-makes-nothing': 'resume() under an aborted signal makes nothing' },
    break: (backend) =>
      withResume(backend, (right) => async (agent, request, signal) => {
        const result = await right(agent, request, new AbortController().signal)
        signal.throwIfAborted()
        return result
      }),
  },
]
