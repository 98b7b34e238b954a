import type { BackendStatus } from '../documents.ts'
import { isOrchError, type OrchError } from '../errors.ts'
import { isDeliverable, nextQueued } from '../messages/deliver-queued.ts'
import { type Look, lookAt, withoutLook } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { turnsUpWithinMs } from '../recovery/turn-up.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { ancestorsOf } from './ancestors.ts'
import { decideStarts, type QueueScene, type Standing, type StartDecision } from './decide-starts.ts'
import { type Places, readPlaces, takePlaces } from './queue-places.ts'
import { failQueued, isQueued, startQueued } from './start-queued.ts'

/** So many are started at once. */
const MOST_AT_ONCE = 10

/** How a queue is driven on. */
export interface DriveOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether a server that does not run may be started for it: a look alone starts none. */
  readonly mayStart: boolean
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
  const driven = { standings: new Map<string, Standing>(), changed: new Set<string>(), errors: new Map() }
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
  }
}

async function driveProject(
  orch: Orch,
  project: string,
  first: readonly StoredRecord[],
  { driven, ...options }: Driving,
): Promise<void> {
  const tried = new Set<string>()
  let open = first
  try {
    for (;;) {
      const places = readPlaces(orch, project, open)
      const scene = await gather(orch, open, { ...options, project, places })
      const decision = decideStarts(scene)
      const isTaken = decision.holders.every((id) => places.holders.includes(id))
      if (isTaken || takePlaces(orch, project, places, decision.holders)) {
        // barrier: place-taken
        const acted = await act(orch, decision, { open, tried, driven, signal: options.signal })
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

function keepStandings({ standings, errors }: Driving['driven'], decision: StartDecision): void {
  for (const [id, standing] of decision.standings) {
    const error = errors.get(id)
    standings.set(
      id,
      error === undefined ? standing : { ...standing, reason: { code: error.code, text: error.message } },
    )
  }
}

/** Whether anything was done: the queue is another one then. Nobody is tried twice by one process. */
async function act(
  orch: Orch,
  { starts, doomed }: StartDecision,
  {
    open,
    tried,
    driven,
    signal,
  }: Pick<Driving, 'driven' | 'signal'> & { readonly open: readonly StoredRecord[]; readonly tried: Set<string> },
): Promise<boolean> {
  const next = starts.filter((id) => !tried.has(id))
  for (const [id, reason] of doomed) {
    const stored = open.find(({ record }) => record.id === id)
    if (stored !== undefined) await failQueued(orch, stored, reason)
    driven.changed.add(id)
  }
  for (let at = 0; at < next.length; at += MOST_AT_ONCE)
    await Promise.all(next.slice(at, at + MOST_AT_ONCE).map(startOne))
  return next.length + doomed.size > 0

  async function startOne(id: string): Promise<void> {
    tried.add(id)
    driven.changed.add(id)
    try {
      const error = await startQueued(orch, id, signal)
      if (error !== null) driven.errors.set(id, error)
    } catch (error) {
      if (signal?.aborted || !isOrchError(error)) throw error
      driven.errors.set(id, error)
    }
  }
}

function queueOf(open: readonly StoredRecord[], project: string): readonly AgentRecord[] {
  return open
    .filter((stored) => stored.record.project === project && isQueued(stored))
    .map(({ record }) => record)
    .sort(byTurn)
}

function byTurn(a: AgentRecord, b: AgentRecord): number {
  if (a.spawnedAt !== b.spawnedAt) return a.spawnedAt < b.spawnedAt ? -1 : 1
  return (a.start?.index ?? 0) - (b.start?.index ?? 0) || (a.id < b.id ? -1 : 1)
}

/**
 * Looks at those whose state decides who may start, unless they were looked at just now and did not change since: one
 * call for each backend.
 */
async function gather(
  orch: Orch,
  open: readonly StoredRecord[],
  {
    project,
    places,
    looks: seen = [],
    backends: asked = [],
    mayStart,
    signal,
  }: DriveOptions & { readonly project: string; readonly places: Places },
): Promise<QueueScene> {
  const queue = queueOf(open, project)
  const ancestors = await ancestorsOf(orch, queue, open)
  const looks = new Map(seen.map((look) => [look.stored.record.id, look]))
  const closed = new Set<string>()
  const gone = new Set<string>()
  const left: StoredRecord[] = []
  const before = queue.flatMap(({ start }) => start?.after.map(({ agent }) => agent) ?? [])
  for (const id of new Set([...places.holders, ...before])) {
    const stored = await orch.registry.get(id)
    if (stored === null) gone.add(id)
    else if (stored.closed) closed.add(id)
    if (stored !== null && (stored.closed || stored.record.handle === null))
      looks.set(id, await withoutLook(stored, NOT_LOOKED_AT))
    else if (stored !== null && looks.get(id)?.stored.revision !== stored.revision) left.push(stored)
  }
  const wanted = mayStart ? [] : queue.map(({ backend }) => backend)
  const alsoLookAt = [...new Set(wanted)].filter((name) => !asked.some((one) => one.name === name))
  const isLookNeeded = left.length + alsoLookAt.length > 0
  const more = isLookNeeded ? await lookAt(orch, left, { signal, alsoLookAt }) : { looks: [], backends: [] }
  for (const look of more.looks) looks.set(look.stored.record.id, look)
  const down = new Set([...asked, ...more.backends].filter(({ ok }) => !ok).map(({ name }) => name))
  return {
    queue,
    holders: places.holders,
    agents: new Map([
      ...[...looks].map(([id, { agent }]) => [id, agent] as const),
      ...[...gone].map((id) => [id, null] as const),
    ]),
    closed,
    isFree: (id) => gone.has(id) || closed.has(id) || isAtRest(looks.get(id)),
    ancestors: ({ id }) => ancestors.get(id) ?? new Set(),
    isDown: (backend) => !mayStart && down.has(backend),
    now: Date.now(),
  }
}

const NOT_LOOKED_AT = { code: 'NOT_OBSERVED', text: 'It was not looked at' }

const RESTS: readonly string[] = ['done', 'idle', 'failed', 'lost', 'exited']

/** Whether an agent does nothing, and nothing comes by itself. What a failed start asked for may still turn up. */
function isAtRest(look: Look | undefined): boolean {
  if (look === undefined || !RESTS.includes(look.agent.state)) return false
  const { handle, start, lifecycle } = look.stored.record
  const wasTried = handle === null && start !== undefined && start.triedAt !== null
  if (lifecycle === 'failed' && wasTried && turnsUpWithinMs(look.stored.record) > 0) return false
  return !(isDeliverable(look) && nextQueued(look.stored) !== undefined)
}
