import type { Evidence, Receipt, StopProof } from '../agent.ts'
import type {
  Adoptable,
  AdoptRequest,
  AgentRef,
  AnswerResult,
  CreateRequest,
  CreateResult,
  InterruptResult,
  Reply,
  Viewer,
} from '../backend.ts'
import { OrchError } from '../errors.ts'
import type { JsonValue } from '../json.ts'
import { isLive } from './client.ts'
import { newAgent } from './new-agent.ts'
import { foundIn, type Viewpoint } from './observe.ts'
import { startServer } from './server.ts'
import { endProcess, interruptTurn, receive, takeReply } from './simulation.ts'
import type { AgentState, ServerState, StoredMessage } from './state.ts'

/** Makes an agent's place; starts the server unless it runs. `null` agents below are not there any more. */
export function createAgent(state: ServerState, view: Viewpoint, request: CreateRequest): CreateResult {
  if (foundIn(state, view).some(({ id }) => id === request.id))
    throw new OrchError('AGENT_EXISTS', `Cannot create agent "${request.id}": it is already there`, {
      hint: 'Use another id',
    })
  if (state.status === 'down') startServer(state)
  const { id, title, permission } = request
  const program = request.program?.name ?? request.programName
  const agent = newAgent(state.epoch, { id, namespace: view.namespace, title, program, permission })
  state.agents.push(agent)
  const promptBy = request.program?.promptBy ?? 'send'
  const prompt = { id: `${request.id}-prompt`, text: request.prompt }
  const receipt = promptBy === 'argument' ? giveMessage(agent, state, prompt) : null
  agent.begun = promptBy !== 'send'
  const handle = { key: agent.key }
  return { handle, epoch: state.epoch, begun: agent.begun, receipt, program, model: request.model }
}

/** Goes on with a conversation whose program has ended or whose server died; what was open there is over. */
export function resumeAgent(agent: AgentState | undefined, state: ServerState, request: CreateRequest): CreateResult {
  const cannot = `Cannot resume agent "${request.id}"`
  if (!agent || agent.stopped)
    throw new OrchError('CREATE_FAILED', `${cannot}: its conversation is not there any more`, {
      hint: 'Spawn a new agent',
    })
  if (isLive(state, agent) && !agent.exit)
    throw new OrchError('AGENT_EXISTS', `${cannot}: it is there and runs`, { hint: `Run "orch check ${request.id}"` })
  wakeUp(agent, state)
  agent.exit = null
  const { program } = agent
  const handle = { key: agent.key }
  return { handle, epoch: state.epoch, begun: true, receipt: null, program, model: request.model }
}

/** What runs and carries nobody's tag. */
export function strangersIn(state: ServerState, target: JsonValue): Adoptable[] {
  return state.agents
    .filter((agent) => agent.namespace === '' && !agent.stopped && agent.exit === null && isLive(state, agent))
    .map(({ key, title, program }) => ({
      place: key,
      target,
      title,
      directory: null,
      program,
      detail: `memory agent "${title}" of nobody`,
    }))
}

/** Puts a tag on what runs there. @throws OrchError `AGENT_NOT_FOUND`, `AGENT_EXISTS` */
export function adoptStranger(state: ServerState, view: Viewpoint, { id, place }: AdoptRequest): CreateResult {
  const cannot = `Cannot adopt "${place}"`
  const agent = state.agents.find(({ key }) => key === place)
  if (agent === undefined || agent.stopped || agent.exit !== null || !isLive(state, agent))
    throw new OrchError('AGENT_NOT_FOUND', `${cannot}: nothing runs there`, {
      hint: 'List what does with "orch adopt"',
    })
  if (agent.namespace !== '' || foundIn(state, view).some((one) => one.id === id))
    throw new OrchError('AGENT_EXISTS', `${cannot}: it is an agent`, { hint: 'List the agents with "orch status"' })
  agent.id = id
  agent.namespace = view.namespace
  agent.begun = true
  const { key, program } = agent
  return { handle: { key }, epoch: state.epoch, begun: true, receipt: null, program, model: null }
}

/** A program that prints who it is. @throws OrchError `AGENT_NOT_FOUND` */
export function viewerOf(agent: AgentState | null, { id, directory }: AgentRef): Viewer {
  if (!agent)
    throw new OrchError('AGENT_NOT_FOUND', `Cannot attach to "${id}": it is not there any more`, {
      hint: `Run "orch check ${id}"`,
    })
  return { command: 'echo', args: [id], env: {}, directory }
}

/** Delivers a message, or says why not. */
export function giveMessage(agent: AgentState | null, state: ServerState, message: StoredMessage): Receipt {
  if (!agent) return refused('GONE', 'The agent is not there any more')
  if (agent.exit) return refused('EXITED', 'The program of the agent has ended')
  wakeUp(agent, state)
  const delivery = agent.turn.status === 'running' ? 'queued' : 'confirmed'
  receive(agent, message)
  agent.begun = true
  const evidence = [seen('the server stored the message')]
  return { messageId: message.id, delivery, reason: null, evidence, at: new Date().toISOString() }
}

/** Ends the agent and removes its place; what it said stays. */
export function stopAgent(agent: AgentState | null): StopProof {
  if (!agent) return { proven: true, evidence: [seen('the agent was not there')] }
  if (!agent.exit) endProcess(agent, { code: null, signal: 'SIGTERM' })
  agent.stopped = true
  return { proven: true, evidence: [seen('the agent was ended and removed')] }
}

/** Answers one request. @throws OrchError `CHOICE_UNKNOWN` */
export function answerRequest(agent: AgentState | null, state: ServerState, reply: Reply): AnswerResult {
  if (agent?.answered.includes(reply.requestId))
    return { result: 'already', evidence: [seen('the request was answered before')] }
  const request = agent?.requests.find(({ id }) => id === reply.requestId)
  if (!agent || !request || !isLive(state, agent))
    return { result: 'gone', evidence: [seen('no such request is open')] }
  if (reply.choice !== null && !request.choices.some(({ id }) => id === reply.choice))
    throw new OrchError(
      'CHOICE_UNKNOWN',
      `Cannot answer request "${request.id}": it does not offer "${reply.choice}"`,
      {
        hint: `Choose one of ${request.choices.map(({ id }) => `"${id}"`).join(', ')}`,
      },
    )
  takeReply(agent, reply)
  return { result: 'answered', evidence: [seen('the agent took the answer')] }
}

/** Ends the open turn, if there is one. */
export function interruptAgent(agent: AgentState | null, state: ServerState): InterruptResult {
  const running = agent !== null && isLive(state, agent) && agent.turn.status === 'running'
  if (!running) return { interrupted: false, evidence: [seen('no turn was running')] }
  interruptTurn(agent)
  return { interrupted: true, evidence: [seen('the turn was ended')] }
}

/** A conversation that outlived its server goes on in the new incarnation; what was open there is over. */
function wakeUp(agent: AgentState, state: ServerState): void {
  if (state.status === 'down') startServer(state)
  if (isLive(state, agent)) return
  agent.queue = []
  if (agent.turn.status === 'running') interruptTurn(agent)
  agent.epoch = state.epoch
}

function refused(code: string, text: string): Receipt {
  const at = new Date().toISOString()
  return { messageId: null, delivery: 'refused', reason: { code, text }, evidence: [], at }
}

function seen(detail: string): Evidence {
  return { source: 'api', detail, at: new Date().toISOString() }
}
