import type { AgentRef, Backend, BackendHost } from '@orch/core'
import { adoptPane, listAdoptable } from './adopt.ts'
import { answerAgent } from './answer.ts'
import { attach } from './attach.ts'
import { capabilitiesFor, capabilitiesOf } from './capabilities.ts'
import { TmuxClient } from './client/tmux.ts'
import type { Context } from './context.ts'
import { createAgent } from './create.ts'
import { deliver } from './deliver.ts'
import { followAgents } from './events.ts'
import { finalAnswer } from './final-answer.ts'
import { interruptAgent } from './interrupt.ts'
import { findAgents, observeAgents } from './observe.ts'
import type { CompleteOptions } from './options.ts'
import { parseHandle } from './parse.ts'
import { pathsFor } from './paths.ts'
import { probeTmux } from './probe.ts'
import { loadPrograms } from './programs/load-program.ts'
import { resumeAgent } from './resume.ts'
import { stopAgent } from './stop.ts'
import { readTranscript } from './transcript.ts'

/** The backend for one registry. Starts nothing and touches no file. */
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
    probe: (signal) => probeTmux(context, signal),
    create: (request, signal) => createAgent(context, request, signal),
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
    stop: (agent, signal) => stopAgent(context, agent, signal),
    finalAnswer,
    attach: (agent, signal) => attach(context, agent, signal),
    answer: (agent, reply, signal) => known([agent]).then(() => answerAgent(context, { agent, reply }, signal)),
    interrupt: (agent, signal) => known([agent]).then(() => interruptAgent(context, agent, signal)),
    resume: (agent, request, signal) => known([agent]).then(() => resumeAgent(context, agent, request, signal)),
    adoptable: (server, signal) => listAdoptable(context, server, signal),
    adopt: (request, signal) => adoptPane(context, request, signal),
    close: async () => closing.abort(),
  }
}
