import type { AgentRequest, Capability, Evidence, Reason, Usage } from '../agent.ts'
import {
  type AgentRef,
  type Existence,
  type Field,
  type Found,
  NOT_SHOWN,
  type Observation,
  type ObserveResult,
  type ProbeResult,
  type ProcessInfo,
  type ServerInfo,
  type Turn,
} from '../backend.ts'
import { isOrchError } from '../errors.ts'
import type { JsonValue } from '../json.ts'
import { TIMING } from '../timing.ts'
import { isLive, isSameTarget, locate, type MemoryClient } from './client.ts'
import type { AgentState, ServerState } from './state.ts'

/** What an observation depends on besides the state. */
export interface Viewpoint {
  readonly namespace: string
  readonly target: JsonValue
  readonly survives: boolean
  readonly capabilities: readonly Capability[]
}

/** One look at any number of agents; a server that does not answer, or another one, is a value. */
export async function observeAll(
  client: MemoryClient,
  view: Viewpoint,
  { agents, signal }: { readonly agents: readonly AgentRef[]; readonly signal: AbortSignal },
): Promise<ObserveResult> {
  const looked = await lookAt(client, signal)
  if ('error' in looked) {
    const observations = agents.map((ref) => unseen(ref, looked.error))
    return { observations, found: null, complete: false, server: unreachable(looked.error) }
  }
  const { state } = looked
  const isOwn = (ref: AgentRef): boolean => isSameTarget(view.target, ref.target)
  const observations = agents.map((ref) => (isOwn(ref) ? observeAgent(state, view, ref) : unseen(ref, OTHER_SERVER)))
  return { observations, found: foundIn(state, view), complete: agents.every(isOwn), server: serverInfo(state) }
}

/** Asks the server who it is. */
export async function probeServer(client: MemoryClient, signal: AbortSignal): Promise<ProbeResult> {
  const looked = await lookAt(client, signal)
  if ('error' in looked) return { ...unreachable(looked.error), startable: false, checks: [] }
  const { state } = looked
  return { ...serverInfo(state), startable: state.status === 'down', checks: [] }
}

async function lookAt(client: MemoryClient, signal: AbortSignal): Promise<{ state: ServerState } | { error: Reason }> {
  try {
    return { state: await client.look(signal) }
  } catch (error) {
    if (!isOrchError(error)) throw error
    return { error: { code: error.code, text: error.message } }
  }
}

function unreachable(error: Reason): ServerInfo {
  return { ok: false, version: null, epoch: null, error }
}

function observeAgent(state: ServerState, view: Viewpoint, ref: AgentRef): Observation {
  const at = new Date().toISOString()
  const agent = locate(state, view.namespace, ref)
  const existence = existenceOf(state, view, agent)
  const evidence: Evidence = { source: 'api', detail: `the memory server says ${existence}`, at }
  const base = { id: ref.id, at, existence: known(existence, evidence) }
  if (!agent || existence === 'gone') return { ...base, ...unknownFields(GONE) }
  const live = isLive(state, agent)
  const can = (capability: Capability): boolean => view.capabilities.includes(capability)
  const stored = new Set(agent.received.map((message) => message.id))
  const arrived = ref.attempts.filter((attempt) => stored.has(attempt.id)).map(({ id }) => id)
  return {
    ...base,
    process: view.survives ? unknown(NO_PROCESS) : known(processOf(agent, live), evidence),
    turn: can('turns') ? turnField(agent, live, ref, evidence) : unknown(NO_TURNS),
    requests: can('requests') ? known(live ? agent.requests : [], evidence) : unknown(NO_REQUESTS),
    lastActivityAt: known(agent.lastActivityAt, evidence),
    usage: can('usage') ? known(agent.usage, evidence) : unknown(NO_USAGE),
    ...(arrived.length > 0 ? { arrived } : {}),
    ...(existence === 'present' && state.status === 'down' ? { asleep: true } : {}),
  }
}

function unseen(ref: AgentRef, reason: Reason): Observation {
  const at = new Date().toISOString()
  return { id: ref.id, at, existence: unknown(reason), ...unknownFields(reason) }
}

/** Everything tagged that is there, lost agents left out. */
export function foundIn(state: ServerState, view: Viewpoint): Found[] {
  return state.agents
    .filter((agent) => agent.namespace === view.namespace)
    .filter((agent) => existenceOf(state, view, agent) === 'present')
    .map((agent) => ({
      id: agent.id,
      target: view.target,
      handle: { key: agent.key },
      begun: agent.begun ? 'yes' : 'no',
      detail: `memory agent "${agent.title}"`,
    }))
}

/** Who the server is, as the state shows it. */
export function serverInfo(state: ServerState): ServerInfo {
  if (state.status === 'up') return { ok: true, version: '1', epoch: state.epoch, error: null }
  const error = { code: 'SERVER_DOWN', text: 'The memory server does not run' }
  return { ok: false, version: null, epoch: null, error }
}

/** Whether an agent's place is there. */
export function existenceOf(state: ServerState, view: Viewpoint, agent: AgentState | undefined): Existence {
  if (!agent || agent.stopped) return 'gone'
  return view.survives || isLive(state, agent) ? 'present' : 'lost'
}

const OTHER_SERVER: Reason = { code: 'OTHER_SERVER', text: 'The agent lives on another memory server' }
const GONE: Reason = { code: 'GONE', text: 'The agent is not on the server' }
const NO_PROCESS: Reason = { code: NOT_SHOWN, text: 'Agents of this server have no process' }
const NO_TURNS: Reason = { code: NOT_SHOWN, text: 'This backend does not show turns' }
const NO_REQUESTS: Reason = { code: NOT_SHOWN, text: 'This backend does not show requests' }
const NO_USAGE: Reason = { code: NOT_SHOWN, text: 'This backend does not show what was used' }
const IN_FLIGHT: Reason = { code: 'IN_FLIGHT', text: 'A message that was sent may still arrive' }

function processOf(agent: AgentState, live: boolean): ProcessInfo {
  return { alive: live && agent.exit === null, exit: agent.exit }
}

function turnField(agent: AgentState, live: boolean, ref: AgentRef, evidence: Evidence): Field<Turn> {
  if (agent.turn.status === 'running') {
    if (live) return known(agent.turn, evidence)
    const reason = { code: 'SERVER_ENDED', text: 'The server ended while the turn ran' }
    return known({ status: 'ended', how: 'interrupted', at: null, reason }, evidence)
  }
  return mayStillArrive(agent, ref) ? unknown(IN_FLIGHT) : known(agent.turn, evidence)
}

function mayStillArrive(agent: AgentState, ref: AgentRef): boolean {
  const stored = new Set(agent.received.map((message) => message.id))
  const oldest = Date.now() - TIMING.inFlightMs
  return ref.attempts.some(({ id, at }) => !stored.has(id) && Date.parse(at) > oldest)
}

function unknownFields(reason: Reason): {
  readonly process: Field<ProcessInfo>
  readonly turn: Field<Turn>
  readonly requests: Field<readonly AgentRequest[]>
  readonly lastActivityAt: Field<string>
  readonly usage: Field<Usage>
} {
  const field = unknown(reason)
  return { process: field, turn: field, requests: field, lastActivityAt: field, usage: field }
}

function known<T>(value: T, evidence: Evidence): Field<T> {
  return { known: true, value, evidence }
}

function unknown(reason: Reason): { readonly known: false; readonly reason: Reason } {
  return { known: false, reason }
}
