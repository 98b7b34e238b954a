import { randomUUID } from 'node:crypto'
import type { Exit } from '../agent.ts'
import { createFileStore } from './file-store.ts'
import { newAgent } from './new-agent.ts'
import { endProcess, finish, receive } from './simulation.ts'
import type { AgentState, ServerState } from './state.ts'
import { createProcessStore, type MemoryStore } from './store.ts'

/** A server that agents live in, and the other side of the scene for tests: what the agents and fate do. */
export interface MemoryServer {
  /** What backends read and change. */
  readonly store: MemoryStore
  /** The texts an agent's program was given, oldest first. */
  received(id: string): readonly string[]
  /** The contents of the files that came with them, base64, oldest first. */
  attached(id: string): readonly string[]
  /** The ids that are there and were not stopped. */
  agents(): readonly string[]
  /** Starts a program that is nobody's agent, which was told this; how it is named to be adopted. */
  stranger(prompt: string): string
  /** Goes on with a turn that `[[hang]]` keeps open. */
  finish(id: string): void
  /** Ends an agent's program by itself. */
  exit(id: string, exit: Exit): void
  /** The server dies, as by `kill -9`. */
  kill(): void
  /** The server dies and a new incarnation starts. */
  restart(): void
  /** It runs and does not answer, until `thaw`. */
  freeze(): void
  thaw(): void
}

/** Where a new {@link MemoryServer} keeps its agents. */
export interface MemoryServerOptions {
  /** A directory that several processes share; without it, the server lives in this process. */
  readonly directory?: string
}

/** Makes a server; it runs from the first `create` on. Several backends may share it. */
export function createMemoryServer(options: MemoryServerOptions = {}): MemoryServer {
  const store = options.directory === undefined ? createProcessStore(randomUUID()) : createFileStore(options.directory)
  const act = (id: string, change: (agent: AgentState) => void): void =>
    store.change((state) => change(agentOf(state, id)))
  const setStatus = (status: ServerState['status']): void =>
    store.change((state) => {
      state.status = status
    })
  return {
    store,
    received: (id) => agentOf(store.read(), id).received.map((message) => message.text),
    attached: (id) => agentOf(store.read(), id).received.flatMap(({ files = [] }) => files),
    agents: () =>
      store
        .read()
        .agents.filter((agent) => !agent.stopped)
        .map((agent) => agent.id),
    stranger: (prompt) =>
      store.change((state) => {
        if (state.status === 'down') startServer(state)
        const agent = newAgent(state.epoch, {
          id: '',
          namespace: '',
          title: prompt,
          program: 'simulated',
          permission: null,
        })
        state.agents.push(agent)
        receive(agent, { id: agent.key, text: prompt })
        return agent.key
      }),
    finish: (id) => act(id, (agent) => finish(agent)),
    exit: (id, exit) => act(id, (agent) => endProcess(agent, exit)),
    kill: () => setStatus('down'),
    restart: () => store.change(startServer),
    freeze: () => setStatus('frozen'),
    thaw: () => setStatus('up'),
  }
}

/** Starts a new incarnation. */
export function startServer(state: ServerState): void {
  state.status = 'up'
  state.epoch = randomUUID()
}

function agentOf(state: ServerState, id: string): AgentState {
  const agent = state.agents.findLast((candidate) => candidate.id === id)
  if (!agent) throw new RangeError(`Cannot find agent "${id}" on the memory server`)
  return agent
}
