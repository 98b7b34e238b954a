import type { Agent, Capability, Exit, Pending, Reason, State } from '../agent.ts'
import type { AgentRef, Backend, Found, Observation, ObserveResult } from '../backend.ts'
import type { BackendStatus } from '../documents.ts'
import { isOrchError } from '../errors.ts'
import { withUnseenOwner } from '../recovery/unseen-owner.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { deriveState, openRequests } from '../state/derive-state.ts'
import { letStart } from '../timing.ts'
import { shownUsage } from '../usage.ts'
import { readReport } from '../workspace/read-report.ts'
import { NO_REPORT, type Report } from '../workspace/report.ts'
import { keepFacts, newFactsOf } from './keep-facts.ts'
import { callBackend, type Orch } from './orch.ts'

/** One agent as one look showed it. */
export interface Look {
  readonly stored: StoredRecord
  readonly observation: Observation | null
  readonly report: Report
  readonly agent: Agent
  /** Whether nobody else changed the record since it was read, which was before the backend was asked. */
  readonly isCurrent: boolean
}

/** What one bulk look showed. */
export interface BulkLook {
  readonly looks: readonly Look[]
  readonly backends: readonly BackendStatus[]
  /** What carries orch's tag beside the agents that were looked at. */
  readonly found: readonly (Found & { readonly backend: string })[]
  readonly complete: boolean
}

/** How to look. */
export interface LookOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether backends tell of everything that they looked at. @default false */
  readonly explain?: boolean | undefined
  /** Also what the agents used, where that takes reads of its own. @default false */
  readonly usage?: boolean | undefined
  /** Whether the message that follows at once is all that the look is for. @default false */
  readonly beforeSend?: boolean | undefined
}

interface BackendLook {
  readonly status: BackendStatus
  readonly observations: ReadonlyMap<string, Observation>
  readonly capabilities: ReadonlyMap<string, readonly Capability[]>
  readonly found: readonly Found[]
}

/**
 * Looks at any number of agents with one bulk call per backend, side by side; keeps the facts that were proven.
 * A backend that cannot be asked makes its agents `unknown`; nothing is thrown for it. Those with agents are asked first.
 * @param alsoLookAt backends to ask for what carries orch's tag even when no agent is theirs
 */
export async function lookAt(
  orch: Orch,
  records: readonly StoredRecord[],
  options: LookOptions & { readonly alsoLookAt?: readonly string[] } = {},
): Promise<BulkLook> {
  const groups = new Map<string, StoredRecord[]>((options.alsoLookAt ?? []).map((name) => [name, []]))
  for (const stored of records) {
    const group = groups.get(stored.record.backend)
    if (group) group.push(stored)
    else groups.set(stored.record.backend, [stored])
  }
  const asked = [...groups].map(async ([name, group]) => {
    if (group.length === 0) await letStart()
    return [name, await askBackend(orch, { name, group }, options)] as const
  })
  const reading = options.beforeSend ? Promise.all(records.map(reportOf)) : readMeanwhile(records)
  const [entries, reports] = await Promise.all([Promise.all(asked), reading])
  const answers = new Map(entries)
  const looks = await Promise.all(
    records.map((before, index) =>
      toLook(orch, { before, report: reports[index] as Report }, answers.get(before.record.backend) as BackendLook),
    ),
  )
  const all = [...answers.values()]
  return {
    looks,
    backends: all.map(({ status }) => status),
    found: entries.flatMap(([backend, { found, observations }]) =>
      found.filter(({ id }) => !observations.has(id)).map((one) => ({ ...one, backend })),
    ),
    complete: all.every(({ status }) => status.complete),
  }
}

/** Reads the agents' pages while the backends are answering. */
async function readMeanwhile(records: readonly StoredRecord[]): Promise<Report[]> {
  await letStart()
  return Promise.all(records.map(reportOf))
}

function reportOf({ record }: StoredRecord): Report | Promise<Report> {
  return readReport(record.workspace, record.answered)
}

/** Looks at one agent. */
export async function lookAtOne(
  orch: Orch,
  stored: StoredRecord,
  signal?: AbortSignal,
  how: Omit<LookOptions, 'signal'> = {},
): Promise<Look> {
  const { looks } = await lookAt(orch, [stored], { signal, ...how })
  return looks[0] as Look
}

/** How an agent stands that could not be looked at. */
export async function withoutLook(stored: StoredRecord, reason: Reason): Promise<Look> {
  const observation = isObservable(stored) ? unseen(stored.record.id, reason) : null
  const report = await reportOf(stored)
  return { stored, observation, report, agent: toAgent(stored, observation, report, []), isCurrent: false }
}

/** An agent as its record alone says: one that is closed is not looked at any more, its page neither. */
export function ofRecord(stored: StoredRecord): Agent {
  return toAgent(stored, damaged(stored), NO_REPORT, [])
}

/** Whether its server does not run: a message would start it. */
export function isAsleep({ observation }: Look): boolean {
  return observation?.asleep === true
}

/** What a backend needs to know of an agent. */
export function toRef(record: AgentRecord): AgentRef {
  const { id, target, handle, directory, facts, attempts } = record
  return { id, target, handle, directory, facts, attempts }
}

/** Whether there can be anything of this agent to look at. */
function isObservable({ record, closed }: StoredRecord): boolean {
  return record.handle !== null && !closed
}

async function askBackend(
  orch: Orch,
  { name, group }: { readonly name: string; readonly group: readonly StoredRecord[] },
  { signal, explain = false, usage = false, beforeSend = false }: LookOptions,
): Promise<BackendLook> {
  const refs = group.filter(isObservable).map(({ record }) => toRef(record))
  try {
    const backend = await orch.backend(name)
    const capabilities = new Map(group.map(({ record }) => [record.id, capabilitiesFor(backend, record)]))
    const call = { backend: name, verb: 'observe', timeoutMs: orch.requestTimeoutMs, signal }
    const result = await callBackend(call, (inner) => backend.observe(refs, inner, { explain, usage, beforeSend }))
    return {
      status: { name, ...result.server, complete: result.complete || group.length === 0 },
      observations: byId(refs, result),
      capabilities,
      found: result.found ?? [],
    }
  } catch (error) {
    if (signal?.aborted || !isOrchError(error)) throw error
    const reason: Reason = { code: error.code, text: error.message }
    return {
      status: { name, ok: false, version: null, epoch: null, error: reason, complete: group.length === 0 },
      observations: new Map(refs.map(({ id }) => [id, unseen(id, reason)])),
      capabilities: new Map(),
      found: [],
    }
  }
}

function capabilitiesFor(backend: Backend, record: AgentRecord): readonly Capability[] {
  return backend.capabilitiesOf(record.handle === null ? null : toRef(record))
}

function byId(refs: readonly AgentRef[], result: ObserveResult): ReadonlyMap<string, Observation> {
  const seen = new Map(result.observations.map((observation) => [observation.id, observation]))
  const reason = { code: 'NOT_OBSERVED', text: 'Its backend did not report on it' }
  return new Map(refs.map(({ id }) => [id, seen.get(id) ?? unseen(id, reason)]))
}

/** An observation in which nothing could be seen, for one reason. */
function unseen(id: string, reason: Reason): Observation {
  const field = { known: false, reason } as const
  return {
    id,
    at: new Date().toISOString(),
    existence: field,
    process: field,
    turn: field,
    requests: field,
    lastActivityAt: field,
    usage: field,
  }
}

/** What an agent wrote last before its end counts: the page of one that is seen to have ended is read again. */
function toLook(
  orch: Orch,
  { before, report: earlier }: { readonly before: StoredRecord; readonly report: Report },
  answer: BackendLook,
): Look | Promise<Look> {
  const observation = damaged(before) ?? answer.observations.get(before.record.id) ?? null
  const capabilities = answer.capabilities.get(before.record.id) ?? []
  const lookOf = (stored: StoredRecord): Look | Promise<Look> => {
    const report = stored === before && isPresent(observation) ? earlier : reportOf(stored)
    return report instanceof Promise ? report.then((read) => withReport(stored, read)) : withReport(stored, report)
  }
  const withReport = (stored: StoredRecord, report: Report): Look => {
    const isCurrent = stored.revision <= before.revision + 1
    return { stored, observation, report, agent: toAgent(stored, observation, report, capabilities), isCurrent }
  }
  const news = observation === null ? null : newFactsOf(before, observation)
  return news === null ? lookOf(before) : keepFacts(orch, before, news).then(lookOf)
}

function damaged(stored: StoredRecord): Observation | null {
  return stored.damage === null ? null : unseen(stored.record.id, stored.damage)
}

/** Renders an agent as every surface shows it. Pure. */
function toAgent(
  stored: StoredRecord,
  observation: Observation | null,
  report: Report,
  capabilities: readonly Capability[],
): Agent {
  const { record } = stored
  const derived = deriveState(record, observation, report)
  const exit = record.exit ?? (observation?.process.known ? observation.process.value.exit : null)
  const usage = observation?.usage.known ? observation.usage.value : (record.usage ?? null)
  return {
    id: record.id,
    task: record.task,
    project: record.project,
    workspace: record.workspace,
    directory: record.directory,
    branch: record.branch,
    backend: record.backend,
    program: record.program,
    model: observation?.model ?? record.model,
    permission: record.permission,
    permissionRules: record.permissionRules ?? [],
    parent: record.parent,
    labels: record.labels,
    lifecycle: record.lifecycle,
    ...derived,
    reason: withUnseenOwner(derived.reason, record),
    observedAt: observation?.at ?? null,
    phase: report.phase,
    requests: isOver(stored, derived.state, exit) ? [] : openRequests(observation, report),
    lastActivityAt: observation?.lastActivityAt.known ? observation.lastActivityAt.value : null,
    usage: usage && shownUsage(usage),
    exit,
    spawnedAt: record.spawnedAt,
    endedAt: record.endedAt,
    revision: String(stored.revision),
    capabilities,
    pending: pendingOf(record),
    queued: record.queue?.length ?? 0,
  }
}

function pendingOf({ lifecycle, start }: AgentRecord): Pending | null {
  if (lifecycle !== 'queued' || start === undefined) return null
  return { position: null, maxParallel: start.maxParallel, after: start.after }
}

function isPresent(observation: Observation | null): boolean {
  if (observation === null) return false
  const { existence, process } = observation
  return existence.known && existence.value === 'present' && !(process.known && !process.value.alive)
}

/** Whether nothing will come from this agent any more, as far as this look shows. */
export function hasEnded({ stored, observation, agent }: Look): boolean {
  const gone = observation?.existence.known === true && observation.existence.value !== 'present'
  const dead = observation?.process.known === true && !observation.process.value.alive
  return stored.closed || agent.exit !== null || gone || dead
}

/** Nobody can answer what it asked any more. */
function isOver({ closed }: StoredRecord, state: State, exit: Exit | null): boolean {
  return closed || exit !== null || state === 'exited' || state === 'lost'
}
