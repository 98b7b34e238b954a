import type { BackendStatus } from '../documents.ts'
import type { OrchError } from '../errors.ts'
import type { Look } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { StoredRecord } from '../registry/record.ts'
import type { Standing } from './decide-starts.ts'
import { readPlaces } from './queue-places.ts'
import { isQueued } from './queued.ts'

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

/** How queues are driven on, and what came of it so far. */
export interface Driving extends DriveOptions {
  readonly driven: Driven
}

/** {@link DrivenQueue}, while it is found out. */
export interface Driven extends DrivenQueue {
  readonly standings: Map<string, Standing>
  readonly changed: Set<string>
  readonly errors: Map<string, OrchError>
  readonly handedOver: Set<string>
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
  const driven: Driven = { standings: new Map(), changed: new Set(), errors: new Map(), handedOver: new Set() }
  const projects = new Set(open.filter(isQueued).map(({ record }) => record.project))
  if (projects.size === 0) return driven
  const { driveProject } = await import('./drive-project.ts')
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
