import type { AgentRef, Backend, Viewer } from '../../../src/backend.ts'
import { type Mutant, must } from './mutant.ts'

type Attach = (agent: AgentRef, signal: AbortSignal) => Promise<Viewer>

function withAttach(backend: Backend, change: (right: Attach) => Attach): Backend {
  return { ...backend, attach: change(must(backend.attach)) }
}

export const attachMutants: readonly Mutant[] = [
  {
    name: 'attach says hello to the agent',
    fails: { 'attach-names-a-program-and-leaves-the-agent': 'nothing was said to the agent' },
    break: (backend) =>
      withAttach(backend, (right) => async (agent, signal) => {
        await backend.send(agent, { id: 'hello', text: 'Somebody is looking' }, signal)
        return await right(agent, signal)
      }),
  },
  {
    name: 'attach names no program',
    fails: { 'attach-names-a-program-and-leaves-the-agent': 'attach() names a program and its arguments' },
    break: (backend) =>
      withAttach(backend, (right) => async (...call) => ({ ...(await right(...call)), command: '' })),
  },
  {
    name: 'attach shows what is not there any more',
    fails: { 'attach-to-a-stopped-agent-is-refused': 'attach() to a stopped agent rejects with an OrchError' },
    break: (backend) =>
      withAttach(
        backend,
        (right) => async (agent, signal) =>
          right(agent, signal).catch(() => ({ command: 'true', args: [], env: {}, directory: agent.directory })),
      ),
  },
]
