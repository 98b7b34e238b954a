import type { Reason } from '../agent.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { decideStarts, HANDED_OVER, kindOf, STARTS_NOW, type StartDecision, takesLong } from './decide-starts.ts'
import type { Driven, Driving } from './drive-queue.ts'
import { createFailedAlike, type FailedAlike } from './failed-alike.ts'
import { readPlaces, takePlaces } from './queue-places.ts'
import { gatherScene, queueOf, type Trying } from './queue-scene.ts'
import { DEPENDENCY_FAILED } from './queued.ts'
import { failQueued, startQueued } from './start-queued.ts'

/** So many are started at once. */
const MOST_AT_ONCE = 10

/** Starts who may start now of the queue of one project, until nobody more can. */
export async function driveProject(
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
function keepStandings({ standings, errors, handedOver }: Driven, decision: StartDecision): void {
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
