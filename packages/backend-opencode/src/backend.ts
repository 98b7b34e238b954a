import { join } from 'node:path'
import type { Backend, BackendHost } from '@orch/core'
import { adoptSession, listAdoptable } from './adopt.ts'
import { answer } from './answer.ts'
import { attach } from './attach.ts'
import { capabilitiesFor } from './capabilities.ts'
import { createApi } from './client/api.ts'
import { createConnector } from './client/connector.ts'
import { createHttp } from './client/http.ts'
import type { Context } from './context.ts'
import { create } from './create.ts'
import { deliver } from './deliver.ts'
import { finalAnswer } from './final-answer.ts'
import { find } from './find.ts'
import { follow } from './follow.ts'
import { observe } from './observe.ts'
import { type OpenCodeOptions, REQUEST_TIMEOUT_MS } from './options.ts'
import { probe } from './probe.ts'
import { createServerControl } from './server-control.ts'
import { interrupt, stop } from './stop.ts'
import { createStreams } from './streams.ts'
import { read } from './transcript.ts'

/** The backend over a server that was given, or one that orch runs. Opens nothing yet. */
export function createOpenCodeBackend(host: BackendHost, options: OpenCodeOptions): Backend {
  const context = contextOf(host, options)
  const { connector, http } = context
  const capabilities = capabilitiesFor(connector.isManaged)
  return {
    name: host.name,
    target: connector.target,
    capabilitiesOf: () => capabilities,
    probe: (signal) => probe(context, signal),
    create: (request, signal) => create(context, request, signal),
    begin: (agent, message, signal) => deliver(context, agent, message, signal),
    find: (targets, signal) => find(context, targets, signal),
    observe: (agents, signal) => observe(context, agents, signal),
    read: (agent, query, signal) => read(context, agent, query, signal),
    events: (agents, query, signal) => follow(context, agents, query, signal),
    send: (agent, message, signal) => deliver(context, agent, message, signal),
    stop: (agent, signal) => stop(context, agent, signal),
    finalAnswer: (agent, messageId, signal) => finalAnswer(context, agent, messageId, signal),
    answer: (agent, reply, signal) => answer(context, agent, reply, signal),
    attach: (agent, signal) => attach(context, agent, signal),
    interrupt: (agent, signal) => interrupt(context, agent, signal),
    adoptable: (server, signal) => listAdoptable(context, server, signal),
    adopt: (request, signal) => adoptSession(context, request, signal),
    async close() {
      http.close()
    },
    ...(connector.isManaged && { server: createServerControl(context) }),
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
