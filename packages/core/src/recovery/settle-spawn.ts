import { isOrchError } from '../errors.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { reread, updateRecord } from '../orchestrator/update-record.ts'
import { currentOwner, ownerLiveness } from '../process-owner.ts'
import { enqueueAgent } from '../queue/enqueue-agent.ts'
import { giveBack, takeOver } from '../registry/claims.ts'
import type { AgentRecord, RecordChange, StartPlan, StoredRecord } from '../registry/record.ts'
import type { Brief } from '../spawn/brief.ts'
import { makeAgent } from '../spawn/make-agent.ts'
import { recheck, TIMING } from '../timing.ts'
import { removeWorkspace } from '../workspace/workspace.ts'
import { recoverSpawns } from './recover.ts'
import { LOOK_AGAIN_MS, turnsUpWithinMs } from './turn-up.ts'

const TASK_IN_RECORD = 4000

/** A task as its record holds it. */
export function recordedTask(task: string): string {
  return task.length > TASK_IN_RECORD ? `${task.slice(0, TASK_IN_RECORD)}…` : task
}

/** What is asked for now with a key that is held already. */
interface Settling {
  readonly brief: Brief
  /** When it is to be started; `null`: at once. */
  readonly start: StartPlan | null
  readonly signal: AbortSignal | undefined
  /** As `SpawnOptions` has it. */
  readonly onWait?: ((why: string) => void) | undefined
}

/**
 * For a key that is held already: waits until that spawn came to an end, or goes on with it when its process did. One
 * that never made anything is made now, under the same id, once nothing of it can turn up any more.
 * @throws OrchError as `spawn` does; a backend that could not be looked at among them
 */
export async function settleSpawn(orch: Orch, stored: StoredRecord, how: Settling): Promise<StoredRecord> {
  const { id } = stored.record
  const { signal } = how
  let isSaid = false
  const onWait = (why: string): void => {
    if (!isSaid) how.onWait?.(why)
    isSaid = true
  }
  const timing = { timeoutMs: 2 * TIMING.createTimeoutMs, signal }
  const ended = async (): Promise<StoredRecord | undefined> => {
    const now = await reread(orch, id)
    return isBeingSpawned(now.record) ? undefined : now
  }
  const settled = async (): Promise<StoredRecord | undefined> => {
    const now = await ended()
    if (now === undefined) return undefined
    const [recovered = now] = await recoverSpawns(orch, [now], [], signal)
    return isUnmade(recovered) ? await goOn(orch, recovered, { ...how, onWait }) : recovered
  }
  await recheck(ended, timing)
  return (await recheck(settled, { ...timing, everyMs: LOOK_AGAIN_MS })) ?? (await reread(orch, id))
}

function isBeingSpawned({ lifecycle, owner }: AgentRecord): boolean {
  return lifecycle === 'spawning' && owner !== null && ownerLiveness(owner) !== 'gone'
}

/** Whether its spawn failed before anything of it was made, as far as is known: with its key it may be gone on with. */
export function isUnmade({ record, closed, damage }: StoredRecord): boolean {
  return !closed && damage === null && record.lifecycle === 'failed' && record.handle === null
}

/** `undefined` while what the first process asked for may still turn up, or another one goes on with it. */
async function goOn(
  orch: Orch,
  stored: StoredRecord,
  { brief, start, signal, onWait }: Settling,
): Promise<StoredRecord | undefined> {
  const { id, backend: name, target } = stored.record
  const backend = await orch.backend(name)
  const call = { backend: name, agent: id, verb: 'find', timeoutMs: orch.requestTimeoutMs, signal }
  const found = await callBackend(call, (inner) => backend.find([target], inner))
  if (found.some((one) => one.id === id)) return adopt()
  const claim = `spawn\0${id}`
  if (mayTurnUp(stored.record)) {
    onWait?.(
      `The spawn of "${id}" was cut off: it is made once nothing of that can turn up any more, within 10 seconds`,
    )
    return undefined
  }
  if (!takeOver(orch.claims, claim, null)) return undefined
  try {
    const owner = currentOwner()
    const now = await updateRecord(orch, stored, 'resumed', (record) =>
      isUnmade({ ...stored, record })
        ? { ...startOf(record, start), lifecycle: 'spawning', owner, failure: null, endedAt: null }
        : null,
    )
    // barrier: spawn-resumed
    if (JSON.stringify(now.record.owner) !== JSON.stringify(owner)) return undefined
    removeWorkspace(now.record.workspace)
    const own = briefOf(now.record, brief)
    if (now.record.start !== undefined) return await enqueueAgent(orch, now, own)
    return (await makeAgent(orch, now, { backend, brief: own, signal })).stored
  } catch (error) {
    if (isOrchError(error) && error.code === 'AGENT_EXISTS') return undefined
    throw error
  } finally {
    giveBack(orch.claims, claim)
  }

  async function adopt(): Promise<StoredRecord | undefined> {
    const turnedUp = found.map((one) => ({ ...one, backend: name }))
    return (await recoverSpawns(orch, [stored], turnedUp, signal))[0]
  }
}

/** A record may hold only the beginning of its task; one of another task or skill is made by what it holds itself. */
function briefOf({ task, skill }: AgentRecord, brief: Brief): Brief {
  const isSame = recordedTask(brief.task) === task && brief.skill?.name === skill
  return isSame ? brief : { ...brief, task, files: [], skill: null }
}

/** One that was queued is asked for only once it is tried. */
function mayTurnUp(record: AgentRecord): boolean {
  return record.start?.triedAt !== null && turnsUpWithinMs(record) > 0
}

/** When it is started is as asked for now: what it was to come after may be why it was never made. */
function startOf({ start: before }: AgentRecord, start: StartPlan | null): RecordChange {
  if (start !== null) return { start }
  return before === undefined ? {} : { start: { maxParallel: null, after: [], index: 0, triedAt: null } }
}
