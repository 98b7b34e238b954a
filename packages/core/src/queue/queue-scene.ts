import type { Reason } from '../agent.ts'
import type { BackendStatus } from '../documents.ts'
import { isOfEnvironment, isOrchError, type OrchError } from '../errors.ts'
import { isDeliverable, nextQueued } from '../messages/deliver-queued.ts'
import { type Look, lookAt, withoutLook } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { turnsUpWithinMs } from '../recovery/turn-up.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { ancestorsOf } from './ancestors.ts'
import { type QueueScene, SERVER_DOWN } from './decide-starts.ts'
import type { DriveOptions } from './drive-queue.ts'
import type { Places } from './queue-places.ts'
import { isQueued } from './queued.ts'
import { taskProblem } from './start-queued.ts'

/** Who was tried by this process, and kinds of which it has started one. */
export interface Trying {
  readonly tried: Set<string>
  readonly proven: Set<string>
}

/** Who is queued in a project, first come first. */
export function queueOf(open: readonly StoredRecord[], project: string): readonly AgentRecord[] {
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
export async function gatherScene(
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
