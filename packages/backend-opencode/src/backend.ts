import { join } from 'node:path'
import type { Backend, BackendHost, ServerControl } from '@orch/core'
import { capabilitiesFor } from './capabilities.ts'
import { createApi } from './client/api.ts'
import { createConnector } from './client/connector.ts'
import { createHttp } from './client/http.ts'
import type { Context } from './context.ts'
import { deliver } from './deliver.ts'
import { find } from './find.ts'
import { follow } from './follow.ts'
import { observe } from './observe.ts'
import { type OpenCodeOptions, REQUEST_TIMEOUT_MS } from './options.ts'
import { createStreams } from './streams.ts'
import { read } from './transcript.ts'

/** The backend over a server that was given, or one that orch runs. Opens nothing yet. What few processes call is imported when it is called. */
export function createOpenCodeBackend(host: BackendHost, options: OpenCodeOptions): Backend {
  const context = contextOf(host, options)
  const { connector, http } = context
  const capabilities = capabilitiesFor(connector.isManaged)
  return {
    name: host.name,
    target: connector.target,
    capabilitiesOf: () => capabilities,
    probe: async (signal) => (await import('./probe.ts')).probe(context, signal),
    create: async (request, signal) => (await import('./create.ts')).create(context, request, signal),
    begin: (agent, message, signal) => deliver(context, agent, message, signal),
    find: (targets, signal) => find(context, targets, signal),
    observe: (agents, signal) => observe(context, agents, signal),
    read: (agent, query, signal) => read(context, agent, query, signal),
    events: (agents, query, signal) => follow(context, agents, query, signal),
    send: (agent, message, signal) => deliver(context, agent, message, signal),
    stop: async (agent, signal) => (await import('./stop.ts')).stop(context, agent, signal),
    finalAnswer: async (agent, messageId, signal) =>
      (await import('./final-answer.ts')).finalAnswer(context, agent, messageId, signal),
    answer: async (agent, reply, signal) => (await import('./answer.ts')).answer(context, agent, reply, signal),
    attach: async (agent, signal) => (await import('./attach.ts')).attach(context, agent, signal),
    interrupt: async (agent, signal) => (await import('./stop.ts')).interrupt(context, agent, signal),
    adoptable: async (server, signal) => (await import('./adopt.ts')).listAdoptable(context, server, signal),
    adopt: async (request, signal) => (await import('./adopt.ts')).adoptSession(context, request, signal),
    async close() {
      http.close()
    },
    ...(connector.isManaged && { server: serverControl(context) }),
  }
}

function serverControl(context: Context): ServerControl {
  const control = async (): Promise<ServerControl> => (await import('./server-control.ts')).createServerControl(context)
  return {
    start: async (signal) => (await control()).start(signal),
    stop: async (signal) => (await control()).stop(signal),
    status: async (signal) => (await control()).status(signal),
  }
}

function contextOf(host: BackendHost, options: OpenCodeOptions): Context {
  const { env } = host
  const http = createHttp(options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS)
  const command = options.command ?? null
  const connector = createConnector({
    folder: join(host.stateDirectory, host.name),
    command,
    env,
    http,
    server: options.server ?? (env.OPENCODE_URL || null),
    epoch: options.epoch ?? null,
    password: options.password ?? (env.OPENCODE_SERVER_PASSWORD || null),
  })
  const api: Context['api'] = (server, signal) => createApi(http, server, signal)
  const base = { host, connector, http, command, api }
  return { ...base, streams: createStreams(base) }
}
