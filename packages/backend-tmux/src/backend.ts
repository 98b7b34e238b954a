import type { AgentRef, Backend, BackendHost } from '@orch/core'
import { capabilitiesFor, capabilitiesOf } from './capabilities.ts'
import { TmuxClient } from './client/tmux.ts'
import type { Context } from './context.ts'
import { deliver } from './deliver.ts'
import { followAgents } from './events.ts'
import { finalAnswer } from './final-answer.ts'
import { findAgents, observeAgents } from './observe.ts'
import type { CompleteOptions } from './options.ts'
import { parseHandle } from './parse.ts'
import { pathsFor } from './paths.ts'
import { loadPrograms } from './programs/load-program.ts'
import { readTranscript } from './transcript.ts'

/** The backend for one registry. Starts nothing and touches no file. What few processes call is imported when it is called. */
export function openBackend(host: BackendHost, options: CompleteOptions): Backend {
  const paths = pathsFor(host, process.getuid?.() ?? 0)
  const tmux = new TmuxClient({ command: options.command, env: host.env, logs: paths.logs })
  const context: Context = { host, options, paths, tmux }
  const closing = new AbortController()
  /** Waits for the programs of these agents, where a module says what they are. */
  const known = (agents: readonly AgentRef[]): Promise<void> =>
    loadPrograms(agents.map(({ handle }) => parseHandle(handle)?.program))
  return {
    name: host.name,
    target: { socket: paths.socket },
    capabilitiesOf,
    capabilitiesFor: (plan, signal) => capabilitiesFor(context, plan, signal),
    probe: async (signal) => (await import('./probe.ts')).probeTmux(context, signal),
    create: async (request, signal) => (await import('./create.ts')).createAgent(context, request, signal),
    begin: (agent, message, signal) =>
      known([agent]).then(() => deliver(context, { agent, message, begin: true }, signal)),
    find: (targets, signal) => findAgents(context, targets, signal),
    observe: (agents, signal, query) => known(agents).then(() => observeAgents(context, agents, signal, query)),
    read: (agent, query, signal) => known([agent]).then(() => readTranscript(context, { agent, query }, signal)),
    async *events(agents, query, signal) {
      await known(agents)
      yield* followAgents(context, { agents, query }, AbortSignal.any([signal, closing.signal]))
    },
    send: (agent, message, signal) =>
      known([agent]).then(() => deliver(context, { agent, message, begin: false }, signal)),
    stop: async (agent, signal) => (await import('./stop.ts')).stopAgent(context, agent, signal),
    finalAnswer,
    attach: async (agent, signal) => (await import('./attach.ts')).attach(context, agent, signal),
    answer: async (agent, reply, signal) => {
      const [{ answerAgent }] = await Promise.all([import('./answer.ts'), known([agent])])
      return await answerAgent(context, { agent, reply }, signal)
    },
    interrupt: async (agent, signal) => {
      const [{ interruptAgent }] = await Promise.all([import('./interrupt.ts'), known([agent])])
      return await interruptAgent(context, agent, signal)
    },
    resume: async (agent, request, signal) => {
      const [{ resumeAgent }] = await Promise.all([import('./resume.ts'), known([agent])])
      return await resumeAgent(context, agent, request, signal)
    },
    adoptable: async (server, signal) => (await import('./adopt.ts')).listAdoptable(context, server, signal),
    adopt: async (request, signal) => (await import('./adopt.ts')).adoptPane(context, request, signal),
    close: async () => closing.abort(),
  }
}
