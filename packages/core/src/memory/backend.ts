import { randomUUID } from 'node:crypto'
import type { Evidence, Item, Reason, Receipt } from '../agent.ts'
import type {
  AgentRef,
  AnswerResult,
  Backend,
  BackendHost,
  CreateRequest,
  CreateResult,
  InterruptResult,
  Message,
  ProbeResult,
  ReadQuery,
  ReadResult,
  Reply,
} from '../backend.ts'
import { OrchError } from '../errors.ts'
import { capabilitiesFor } from './capabilities.ts'
import { isLive, locate, type MemoryClient } from './client.ts'
import { followEvents } from './events.ts'
import { betweenPoints } from './knobs.ts'
import { existenceOf, foundIn, observeAgent, serverInfo, unseen, type Viewpoint } from './observe.ts'
import type { MemoryOptions } from './options.ts'
import { startServer } from './server.ts'
import { createServerControl } from './server-control.ts'
import { endProcess, interruptTurn, NO_USAGE, receive, takeReply } from './simulation.ts'
import type { AgentState, ServerState } from './state.ts'

/** The backend over a connected client: translates calls into changes of the server's state. */
export function createMemoryBackend(
  host: BackendHost,
  client: MemoryClient,
  options: MemoryOptions & { readonly serverName: string },
): Backend {
  const capabilities = capabilitiesFor(options)
  const target = { server: options.serverName }
  const view: Viewpoint = {
    namespace: host.namespace,
    target,
    survives: options.survives === true,
    capabilities,
  }
  const at = <T>(
    method: Parameters<typeof betweenPoints>[1]['method'],
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> => betweenPoints(options, { method, signal }, work)
  const onAgent = <T>(
    ref: AgentRef,
    signal: AbortSignal,
    act: (agent: AgentState | null, state: ServerState) => T,
  ): Promise<T> =>
    client.change(signal, (state) => {
      const agent = locate(state, view.namespace, ref)
      const present = existenceOf(state, view, agent) === 'present'
      return act(agent && present ? agent : null, state)
    })

  return {
    name: host.name,
    target,
    capabilitiesOf: () => capabilities,
    probe: (signal) => client.look(signal).then(probeResult, unreachableProbe),
    create: (request, signal) =>
      at('create', signal, () => client.change(signal, (state) => createAgent(state, view, request))),
    begin: (ref, message, signal) =>
      at('begin', signal, () => onAgent(ref, signal, (agent, state) => give(agent, state, message))),
    find: (_targets, signal) => at('find', signal, async () => foundIn(await client.look(signal), view)),
    observe: (agents, signal) =>
      at('observe', signal, async () => {
        try {
          const state = await client.look(signal)
          return {
            observations: agents.map((ref) => observeAgent(state, view, ref)),
            found: foundIn(state, view),
            complete: true,
            server: serverInfo(state),
          }
        } catch (error) {
          const reason = unreachable(error)
          const observations = agents.map((ref) => unseen(ref, reason))
          const server = { ok: false, version: null, epoch: null, error: reason }
          return { observations, found: null, complete: false, server }
        }
      }),
    read: (ref, query, signal) =>
      at('read', signal, async () => {
        const agent = locate(await client.look(signal), view.namespace, ref)
        return page(agent?.items ?? [], query, capabilities.includes('transcript'))
      }),
    events: (agents, query, signal) => followEvents(client, { namespace: view.namespace, agents, query }, signal),
    send: (ref, message, signal) =>
      at('send', signal, () => onAgent(ref, signal, (agent, state) => give(agent, state, message))),
    stop: (ref, signal) =>
      at('stop', signal, () =>
        onAgent(ref, signal, (agent) => {
          if (!agent) return { proven: true, evidence: [seen('the agent was not there')] }
          if (!agent.exit) endProcess(agent, { code: null, signal: 'SIGTERM' })
          agent.stopped = true
          return { proven: true, evidence: [seen('the agent was ended and removed')] }
        }),
      ),
    close: async () => {},
    ...(capabilities.includes('requests') && {
      answer: (ref: AgentRef, reply: Reply, signal: AbortSignal) =>
        at('answer', signal, () => onAgent(ref, signal, (agent) => answer(agent, reply))),
    }),
    ...(capabilities.includes('interrupt') && {
      interrupt: (ref: AgentRef, signal: AbortSignal) => at('interrupt', signal, () => onAgent(ref, signal, interrupt)),
    }),
    ...(capabilities.includes('server') && { server: createServerControl(client) }),
  }
}

function createAgent(state: ServerState, view: Viewpoint, request: CreateRequest): CreateResult {
  if (foundIn(state, view).some(({ id }) => id === request.id))
    throw new OrchError('AGENT_EXISTS', `Cannot create agent "${request.id}": it is already there`, {
      hint: 'Use another id',
    })
  if (state.status === 'down') startServer(state)
  const agent: AgentState = {
    id: request.id,
    namespace: view.namespace,
    key: randomUUID(),
    title: request.title,
    program: request.program?.name ?? request.programName,
    epoch: state.epoch,
    begun: false,
    stopped: false,
    exit: null,
    turn: { status: 'none' },
    steps: [],
    queue: [],
    received: [],
    items: [],
    requests: [],
    answered: [],
    usage: NO_USAGE,
    lastActivityAt: new Date().toISOString(),
  }
  state.agents.push(agent)
  const promptBy = request.program?.promptBy ?? 'send'
  const prompt = { id: `${request.id}-prompt`, text: request.prompt }
  const receipt = promptBy === 'argument' ? give(agent, state, prompt) : null
  agent.begun = promptBy !== 'send'
  const { program } = agent
  const handle = { key: agent.key }
  return { handle, epoch: state.epoch, begun: agent.begun, receipt, program, model: request.model }
}

function give(agent: AgentState | null, state: ServerState, message: Message): Receipt {
  if (!agent) return refused('GONE', 'The agent is not there any more')
  if (agent.exit) return refused('EXITED', 'The program of the agent has ended')
  wakeUp(agent, state)
  const queued = agent.turn.status === 'running'
  receive(agent, message)
  agent.begun = true
  const evidence = [seen('the server stored the message')]
  const at = new Date().toISOString()
  return { messageId: message.id, delivery: queued ? 'queued' : 'confirmed', reason: null, evidence, at }
}

/** A conversation that outlived its server goes on in the new incarnation; what was open there is over. */
function wakeUp(agent: AgentState, state: ServerState): void {
  if (state.status === 'down') startServer(state)
  if (isLive(state, agent)) return
  agent.queue = []
  if (agent.turn.status === 'running') interruptTurn(agent)
  agent.epoch = state.epoch
}

function answer(agent: AgentState | null, reply: Reply): AnswerResult {
  if (agent?.answered.includes(reply.requestId))
    return { result: 'already', evidence: [seen('the request was answered before')] }
  const request = agent?.requests.find(({ id }) => id === reply.requestId)
  if (!agent || !request) return { result: 'gone', evidence: [seen('no such request is open')] }
  if (reply.choice !== null && !request.choices.some(({ id }) => id === reply.choice))
    throw new OrchError(
      'CHOICE_UNKNOWN',
      `Cannot answer request "${request.id}": it does not offer "${reply.choice}"`,
      { hint: `Choose one of ${request.choices.map(({ id }) => `"${id}"`).join(', ')}` },
    )
  takeReply(agent, reply)
  return { result: 'answered', evidence: [seen('the agent took the answer')] }
}

function interrupt(agent: AgentState | null, state: ServerState): InterruptResult {
  const running = agent !== null && isLive(state, agent) && agent.turn.status === 'running'
  if (!running) return { interrupted: false, evidence: [seen('no turn was running')] }
  interruptTurn(agent)
  return { interrupted: true, evidence: [seen('the turn was ended')] }
}

function page(items: readonly Item[], query: ReadQuery, structured: boolean): ReadResult {
  const all = structured ? items : items.flatMap(toLines)
  const end = query.before === null ? all.length : all.findIndex(({ id }) => id === query.before)
  if (end < 0) throw new RangeError(`Cannot read before "${query.before}": no such cursor`)
  const start = Math.max(0, end - query.last)
  const before = start === 0 ? null : (all[start]?.id ?? null)
  return { items: all.slice(start, end), before, gap: null }
}

function toLines(item: Item): Item[] {
  const text = item.text ?? item.tool?.output ?? ''
  return text.split('\n').map((line, index) => ({
    ...item,
    id: `${item.id}.${index}`,
    kind: 'screen',
    role: null,
    text: line,
    tool: null,
  }))
}

function refused(code: string, text: string): Receipt {
  const at = new Date().toISOString()
  return { messageId: null, delivery: 'refused', reason: { code, text }, evidence: [], at }
}

function seen(detail: string): Evidence {
  return { source: 'api', detail, at: new Date().toISOString() }
}

function probeResult(state: ServerState): ProbeResult {
  return { ...serverInfo(state), startable: state.status === 'down', checks: [] }
}

function unreachableProbe(error: unknown): ProbeResult {
  const reason = unreachable(error)
  return { ok: false, version: null, epoch: null, error: reason, startable: false, checks: [] }
}

function unreachable(error: unknown): Reason {
  if (!(error instanceof OrchError)) throw error
  return { code: error.code, text: error.message }
}
