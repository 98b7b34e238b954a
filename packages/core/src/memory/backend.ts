import type { Receipt } from '../agent.ts'
import { readAttachment } from '../attachments.ts'
import type { AdoptRequest, AgentRef, Backend, BackendHost, CreateRequest, Message, Reply } from '../backend.ts'
import {
  adoptStranger,
  answerRequest,
  createAgent,
  giveMessage,
  interruptAgent,
  resumeAgent,
  stopAgent,
  strangersIn,
  viewerOf,
} from './acts.ts'
import { capabilitiesFor } from './capabilities.ts'
import { checkTarget, locate, type MemoryClient } from './client.ts'
import { followEvents } from './events.ts'
import { betweenPoints, type MemoryMethod } from './knobs.ts'
import { existenceOf, foundIn, observeAll, probeServer, type Viewpoint } from './observe.ts'
import type { MemoryOptions } from './options.ts'
import { createServerControl } from './server-control.ts'
import type { AgentState, ServerState, StoredMessage } from './state.ts'
import { pageOf } from './transcript.ts'

/** The backend over a connected client: translates calls into looks at, and changes of, the server's state. */
export function createMemoryBackend(
  host: BackendHost,
  client: MemoryClient,
  options: MemoryOptions & { readonly serverName: string },
): Backend {
  const capabilities = capabilitiesFor(options)
  const target = { server: options.serverName }
  const { namespace } = host
  const view: Viewpoint = { namespace, target, survives: options.survives === true, capabilities }
  const at = <T>(method: MemoryMethod, signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    betweenPoints(options, { method, signal }, work)
  const act = <T>(ref: AgentRef, signal: AbortSignal, change: Act<T>): Promise<T> => {
    checkTarget(target, [ref.target])
    return client.change(signal, (state) => {
      const agent = locate(state, namespace, ref)
      return change(agent && existenceOf(state, view, agent) === 'present' ? agent : null, state)
    })
  }
  const deliver = async (ref: AgentRef, message: Message, signal: AbortSignal): Promise<Receipt> => {
    const stored = await withFiles(message)
    return await act(ref, signal, (agent, state) => giveMessage(agent, state, stored))
  }

  return {
    name: host.name,
    target,
    capabilitiesOf: () => capabilities,
    probe: (signal) => probeServer(client, signal),
    create: (request, signal) =>
      at('create', signal, () => client.change(signal, (state) => createAgent(state, view, request))),
    begin: (ref, message, signal) => at('begin', signal, () => deliver(ref, message, signal)),
    find: (targets, signal) =>
      at('find', signal, async () => {
        checkTarget(target, targets)
        return foundIn(await client.look(signal), view)
      }),
    observe: (agents, signal) => at('observe', signal, () => observeAll(client, view, { agents, signal })),
    read: (ref, query, signal) =>
      at('read', signal, async () => {
        checkTarget(target, [ref.target])
        const agent = locate(await client.look(signal), namespace, ref)
        return pageOf(agent, query, capabilities.includes('transcript'))
      }),
    events: (agents, query, signal) => followEvents(client, { namespace, agents, query }, signal),
    send: (ref, message, signal) => at('send', signal, () => deliver(ref, message, signal)),
    stop: (ref, signal) => at('stop', signal, () => act(ref, signal, stopAgent)),
    close: async () => {},
    ...(capabilities.includes('answers') && {
      async finalAnswer(ref: AgentRef, messageId: string | null, signal: AbortSignal) {
        checkTarget(target, [ref.target])
        const agent = locate(await client.look(signal), namespace, ref)
        const [task] = agent?.received ?? []
        return agent?.answers[messageId ?? task?.id ?? ''] ?? null
      },
    }),
    ...(capabilities.includes('requests') && {
      answer: (ref: AgentRef, reply: Reply, signal: AbortSignal) =>
        at('answer', signal, () => act(ref, signal, (agent, state) => answerRequest(agent, state, reply))),
    }),
    ...(capabilities.includes('attach') && {
      attach: (ref: AgentRef, signal: AbortSignal) => act(ref, signal, (agent) => viewerOf(agent, ref)),
    }),
    ...(capabilities.includes('interrupt') && {
      interrupt: (ref: AgentRef, signal: AbortSignal) =>
        at('interrupt', signal, () => act(ref, signal, interruptAgent)),
    }),
    ...(capabilities.includes('resume') && {
      resume: (ref: AgentRef, request: CreateRequest, signal: AbortSignal) =>
        at('resume', signal, () =>
          client.change(signal, (state) => resumeAgent(locate(state, namespace, ref), state, request)),
        ),
    }),
    ...(capabilities.includes('adopt') && {
      adoptable: async (_server: string | null, signal: AbortSignal) => strangersIn(await client.look(signal), target),
      adopt: (request: AdoptRequest, signal: AbortSignal) =>
        at('adopt', signal, () => {
          checkTarget(target, [request.target])
          return client.change(signal, (state) => adoptStranger(state, view, request))
        }),
    }),
    ...(capabilities.includes('server') && { server: createServerControl(client) }),
  }
}

/** The message with what its files hold. @throws OrchError `FILE_NOT_FOUND` */
async function withFiles({ id, text, attachments }: Message): Promise<StoredMessage> {
  if (attachments === undefined) return { id, text }
  return { id, text, files: await Promise.all(attachments.map(readAttachment)) }
}

type Act<T> = (agent: AgentState | null, state: ServerState) => T
