import type { Reason } from '../agent.ts'
import type { BackendStatus } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { Look } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import {
  DEPENDENCY_FAILED,
  decideStarts,
  HANDED_OVER,
  kindOf,
  STARTS_NOW,
  type Standing,
  type StartDecision,
  takesLong,
} from './decide-starts.ts'
import { createFailedAlike, type FailedAlike } from './failed-alike.ts'
import { readPlaces, takePlaces } from './queue-places.ts'
import { gatherScene, queueOf, type Trying } from './queue-scene.ts'
import { failQueued, isQueued, startQueued } from './start-queued.ts'

/** So many are started at once. */
const MOST_AT_ONCE = 10

/** How a queue is driven on. */
export interface DriveOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether a server that does not run may be started for it: a look alone starts none. */
  readonly mayStart: boolean
  /** Whether to stay until those are started whose start takes long, or to hand these over. @default where orch cannot be called */
  readonly mayTakeLong?: boolean | undefined
  /** Those that this process queued and is asked for: what it cannot start because of its own environment has failed. @default none */
  readonly own?: ReadonlySet<string>
  /** What was looked at just now. @default [] */
  readonly looks?: readonly Look[]
  /** Backends that were asked just now. @default [] */
  readonly backends?: readonly BackendStatus[]
}

/** How one that is queued stands, where its queue was looked at. */
export function withStanding(look: Look, { standings }: Pick<DrivenQueue, 'standings'>): Look {
  const { agent } = look
  const standing = standings.get(agent.id)
  if (standing === undefined || agent.state !== 'queued' || agent.pending === null) return look
  const { position, reason } = standing
  return { ...look, agent: { ...agent, reason, pending: { ...agent.pending, position } } }
}

/** What came of driving queues on. */
export interface DrivenQueue {
  /** Of everyone who is still queued. */
  readonly standings: ReadonlyMap<string, Standing>
  /** Ids of those whose records changed, by this process or by another one meanwhile. */
  readonly changed: ReadonlySet<string>
  /** Of those that this process could not start. */
  readonly errors: ReadonlyMap<string, OrchError>
}

/**
 * Starts who may start now of the projects' queues, since there is no daemon: whoever looks does it. A place is taken by
 * one claim of the whole list of places, and an agent is started by whoever's name its record takes: any number of
 * processes never take more places than there are, and none starts twice. Asks no backend unless somebody is queued.
 * @param open every open record of the projects whose queues are to be driven on
 */
export async function driveQueue(
  orch: Orch,
  open: readonly StoredRecord[],
  options: DriveOptions,
): Promise<DrivenQueue> {
  const driven: Driving['driven'] = {
    standings: new Map(),
    changed: new Set(),
    errors: new Map(),
    handedOver: new Set(),
  }
  const projects = new Set(open.filter(isQueued).map(({ record }) => record.project))
  await Promise.all([...projects].map((project) => driveProject(orch, project, open, { ...options, driven })))
  return driven
}

/** The same for the queue of one project, whose records are read for it. */
export async function driveQueueOf(orch: Orch, project: string, options: DriveOptions): Promise<DrivenQueue> {
  const { records } = await orch.registry.list('open')
  const own = records.filter(({ record }) => record.project === project)
  return await driveQueue(orch, own, options)
}

/** The records that the queues wait for, beside those that are queued themselves: what happens to these moves them on. */
export function awaitedByQueue(orch: Orch, open: readonly StoredRecord[]): readonly StoredRecord[] {
  const queue = open.filter(isQueued)
  const holders = [...new Set(queue.map(({ record }) => record.project))].flatMap((project) => [
    ...readPlaces(orch, project, open).holders,
  ])
  const before = queue.flatMap(({ record }) => record.start?.after.map(({ agent }) => agent) ?? [])
  const ids = new Set([...holders, ...before])
  return open.filter((stored) => ids.has(stored.record.id) && !isQueued(stored))
}

interface Driving extends DriveOptions {
  readonly driven: {
    readonly standings: Map<string, Standing>
    readonly changed: Set<string>
    readonly errors: Map<string, OrchError>
    readonly handedOver: Set<string>
  }
}

async function driveProject(
  orch: Orch,
  project: string,
  first: readonly StoredRecord[],
  { driven, ...options }: Driving,
): Promise<void> {
  const { signal, own = new Set(), mayTakeLong = orch.command === null } = options
  const isHandedOver = (record: AgentRecord): boolean => !mayTakeLong && takesLong(record) && !own.has(record.id)
  const trying: Trying = { tried: new Set(), proven: new Set() }
  const alike = createFailedAlike()
  let open = first
  try {
    for (;;) {
      const places = readPlaces(orch, project, open)
      const scene = await gatherScene(orch, open, { ...options, ...trying, project, places })
      const decision = decideStarts(scene)
      const isTaken = decision.holders.every((id) => places.holders.includes(id))
      if (isTaken || takePlaces(orch, project, places, decision.holders)) {
        // barrier: place-taken
        const acted = await act(orch, decision, { ...trying, alike, open, own, driven, signal, isHandedOver })
        if (!acted) return keepStandings(driven, decision)
      }
      open = (await orch.registry.list('open')).records
    }
  } catch (error) {
    if (options.signal?.aborted || !isOrchError(error)) throw error
    const reason = { code: error.code, text: error.message }
    for (const [index, { id }] of queueOf(open, project).entries())
      driven.standings.set(id, { position: index + 1, reason })
  }
}

/** What does not stand in the records is said by whoever met it. */
function keepStandings({ standings, errors, handedOver }: Driving['driven'], decision: StartDecision): void {
  for (const [id, { position, reason }] of decision.standings) {
    const error = errors.get(id)
    const seen = handedOver.has(id) ? HANDED_OVER : error && { code: error.code, text: error.message }
    standings.set(id, { position, reason: (reason.code === STARTS_NOW.code && seen) || reason })
  }
}

async function handOverTo(
  orch: Orch,
  slow: readonly AgentRecord[],
  { tried, driven }: Pick<Trying, 'tried'> & Pick<Driving, 'driven'>,
): Promise<void> {
  const { handOver } = await import('./hand-over.ts')
  const ids = slow.map(({ id }) => id)
  for (const id of ids) {
    tried.add(id)
    driven.handedOver.add(id)
  }
  handOver(orch, (slow[0] as AgentRecord).project, ids)
}

/** Whether anything was done: the queue is another one then. What is the matter with one stops nobody else. */
async function act(
  orch: Orch,
  { starts, doomed }: StartDecision,
  {
    open,
    own,
    tried,
    proven,
    alike,
    driven,
    signal,
    isHandedOver,
  }: Trying &
    Pick<Driving, 'driven' | 'signal'> & {
      readonly alike: FailedAlike
      readonly open: readonly StoredRecord[]
      readonly own: ReadonlySet<string>
      readonly isHandedOver: (record: AgentRecord) => boolean
    },
): Promise<boolean> {
  const records = new Map(open.map((stored) => [stored.record.id, stored]))
  const ends = [...doomed].filter(([id]) => !tried.has(id))
  for (const [id, reason] of ends) await attempt(id, (stored) => fail(stored, reason))
  const slow = starts.flatMap((id) => records.get(id)?.record ?? []).filter(isHandedOver)
  if (slow.length > 0) await handOverTo(orch, slow, { tried, driven })
  const next = starts.filter((id) => !tried.has(id))
  for (let at = 0; at < next.length; at += MOST_AT_ONCE)
    await Promise.all(next.slice(at, at + MOST_AT_ONCE).map((id) => attempt(id, start)))
  return next.length + ends.length > 0

  async function start(stored: StoredRecord): Promise<void> {
    const { record } = stored
    const { id } = record
    const isOwn = own.has(id)
    const why = isOwn ? alike.whyNot(record) : null
    if (why !== null) return await fail(stored, why)
    const { isStarted, error } = await startQueued(orch, id, { signal, isOwn })
    if (isStarted) proven.add(kindOf(record))
    if (error !== null) driven.errors.set(id, error)
    if (isStarted || error !== null) alike.tell(record, error)
  }

  async function fail(stored: StoredRecord, reason: Reason): Promise<void> {
    const { id } = stored.record
    await failQueued(orch, stored, reason)
    const code = reason.code === DEPENDENCY_FAILED ? reason.code : 'CREATE_FAILED'
    const why = reason.text.replace(/^It/, 'it')
    driven.errors.set(id, new OrchError(code, `Cannot start "${id}": ${why}`, { agent: id }))
  }

  async function attempt(id: string, work: (stored: StoredRecord) => Promise<void>): Promise<void> {
    const stored = records.get(id)
    tried.add(id)
    driven.changed.add(id)
    try {
      if (stored !== undefined) await work(stored)
    } catch (error) {
      if (signal?.aborted || !isOrchError(error)) throw error
      driven.errors.set(id, error)
    }
  }
}
