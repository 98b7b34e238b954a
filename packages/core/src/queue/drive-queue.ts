import type { Reason } from '../agent.ts'
import type { BackendStatus } from '../documents.ts'
import { isOfEnvironment, isOrchError, type OrchError } from '../errors.ts'
import { isDeliverable, nextQueued } from '../messages/deliver-queued.ts'
import { type Look, lookAt, withoutLook } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { turnsUpWithinMs } from '../recovery/turn-up.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { ancestorsOf } from './ancestors.ts'
import {
  decideStarts,
  kindOf,
  type QueueScene,
  SERVER_DOWN,
  STARTS_NOW,
  type Standing,
  type StartDecision,
} from './decide-starts.ts'
import { type Places, readPlaces, takePlaces } from './queue-places.ts'
import { failQueued, isQueued, startQueued, taskProblem } from './start-queued.ts'

/** So many are started at once. */
const MOST_AT_ONCE = 10

/** How a queue is driven on. */
export interface DriveOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether a server that does not run may be started for it: a look alone starts none. */
  readonly mayStart: boolean
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
  const { signal, own = new Set() } = options
  const trying: Trying = { tried: new Set(), proven: new Set() }
  let open = first
  try {
    for (;;) {
      const places = readPlaces(orch, project, open)
      const scene = await gather(orch, open, { ...options, ...trying, project, places })
      const decision = decideStarts(scene)
      const isTaken = decision.holders.every((id) => places.holders.includes(id))
      if (isTaken || takePlaces(orch, project, places, decision.holders)) {
        // barrier: place-taken
        const acted = await act(orch, decision, { ...trying, open, own, driven, signal })
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

/** What of an error does not stand in its record is said by whoever met it. */
function keepStandings({ standings, errors }: Driving['driven'], decision: StartDecision): void {
  for (const [id, standing] of decision.standings) {
    const error = standing.reason.code === STARTS_NOW.code ? errors.get(id) : undefined
    const reason = error === undefined ? standing.reason : { code: error.code, text: error.message }
    standings.set(id, { ...standing, reason })
  }
}

/** Who was tried by this process, and kinds of which it has started one. */
interface Trying {
  readonly tried: Set<string>
  readonly proven: Set<string>
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
    driven,
    signal,
  }: Trying &
    Pick<Driving, 'driven' | 'signal'> & {
      readonly open: readonly StoredRecord[]
      readonly own: ReadonlySet<string>
    },
): Promise<boolean> {
  const records = new Map(open.map((stored) => [stored.record.id, stored]))
  const ends = [...doomed].filter(([id]) => !tried.has(id))
  for (const [id, reason] of ends) await attempt(id, async (stored) => void (await failQueued(orch, stored, reason)))
  for (let at = 0; at < starts.length; at += MOST_AT_ONCE)
    await Promise.all(starts.slice(at, at + MOST_AT_ONCE).map((id) => attempt(id, start)))
  return starts.length + ends.length > 0

  async function start(stored: StoredRecord): Promise<void> {
    const { id } = stored.record
    const { isStarted, error } = await startQueued(orch, id, { signal, isOwn: own.has(id) })
    if (isStarted) proven.add(kindOf(stored.record))
    if (error !== null) driven.errors.set(id, error)
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
    own,
    tried,
    proven,
    signal,
  }: DriveOptions & Trying & { readonly project: string; readonly places: Places },
): Promise<QueueScene> {
  const queue = queueOf(open, project)
  const ancestors = await ancestorsOf(orch, queue, open)
  const looks = new Map(seen.map((look) => [look.stored.record.id, look]))
  const closed = new Set<string>()
  const gone = new Set<string>()
  const unreadable = new Map<string, string>()
  const left: StoredRecord[] = []
  const before = queue.flatMap(({ start }) => start?.after.map(({ agent }) => agent) ?? [])
  for (const id of new Set([...places.holders, ...before])) {
    const stored = await getRecord(orch, id)
    if (isOrchError(stored)) {
      unreadable.set(id, stored.message)
      continue
    }
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
  const hindrances = mayStart ? await unusable(orch, queue) : notRunning([...asked, ...more.backends])
  return {
    queue,
    holders: places.holders,
    agents: new Map([
      ...[...looks].map(([id, { agent }]) => [id, agent] as const),
      ...[...gone].map((id) => [id, null] as const),
    ]),
    closed,
    unreadable,
    isFree: (id) => gone.has(id) || closed.has(id) || isAtRest(looks.get(id)),
    ancestors: ({ id }) => ancestors.get(id) ?? new Set(),
    hindranceOn: (backend) => hindrances.get(backend) ?? null,
    taskProblem,
    isOwn: (id) => own?.has(id) === true,
    isTried: (id) => tried.has(id),
    isProven: (kind) => proven.has(kind),
    now: Date.now(),
  }
}

/** What cannot be read stands for itself alone: the queue goes on without it. */
async function getRecord(orch: Orch, id: string): Promise<StoredRecord | OrchError | null> {
  try {
    return await orch.registry.get(id)
  } catch (error) {
    if (isOrchError(error)) return error
    throw error
  }
}

/** Backends of the queue that cannot be loaded in this process. */
async function unusable(orch: Orch, queue: readonly AgentRecord[]): Promise<ReadonlyMap<string, Reason>> {
  const found = new Map<string, Reason>()
  for (const name of new Set(queue.map(({ backend }) => backend)))
    await orch.backend(name).catch((error: unknown) => {
      if (!isOrchError(error)) throw error
      found.set(name, { code: error.code, text: error.message })
    })
  return found
}

/** Backends without a server, which a look does not start; of those that could not be asked, why. */
function notRunning(backends: readonly BackendStatus[]): ReadonlyMap<string, Reason> {
  const down = backends.filter(({ ok }) => !ok)
  const reasonOf = ({ error }: BackendStatus): Reason =>
    error !== null && isOfEnvironment(error.code) && error.code !== 'BACKEND_UNREACHABLE' ? error : SERVER_DOWN
  return new Map(down.map((status) => [status.name, reasonOf(status)]))
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
