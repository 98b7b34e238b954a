import type { Backend, Found } from '../backend.ts'
import { isOrchError } from '../errors.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { appendUnlessChanged, reread, updateRecord } from '../orchestrator/update-record.ts'
import { giveBack, takeOver } from '../registry/claims.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { begin, type GivenTask } from '../spawn/begin.ts'
import { TIMING } from '../timing.ts'
import { readContext } from '../workspace/workspace.ts'
import { isGone } from './abandoned.ts'
import { recoverResume } from './recover-resume.ts'

/** Goes on with those of one backend, as `recoverSpawns` says. */
export async function recoverOn(
  orch: Orch,
  name: string,
  group: readonly StoredRecord[],
  signal: AbortSignal | undefined,
): Promise<StoredRecord[]> {
  try {
    const backend = await orch.backend(name)
    const targets = [...new Map(group.map(({ record }) => [JSON.stringify(record.target), record.target])).values()]
    const call = { backend: name, verb: 'find', timeoutMs: orch.requestTimeoutMs, signal }
    const found = await callBackend(call, (inner) => backend.find(targets, inner))
    const recover = async (stored: StoredRecord): Promise<StoredRecord> => {
      const there = found.find(({ id }) => id === stored.record.id) ?? null
      return await recoverOne(orch, backend, { stored, there, signal }).catch(keepAsItIs(signal, stored))
    }
    return await Promise.all(group.map(recover))
  } catch (error) {
    return keepAsItIs<StoredRecord[]>(signal, [])(error)
  }
}

/** What cannot be looked at or gone on with now is tried again by the next one who looks. */
function keepAsItIs<T>(signal: AbortSignal | undefined, now: T): (error: unknown) => T {
  return (error) => {
    if (signal?.aborted || !isOrchError(error)) throw error
    return now
  }
}

async function recoverOne(
  orch: Orch,
  backend: Backend,
  { stored, there, signal }: { stored: StoredRecord; there: Found | null; signal: AbortSignal | undefined },
): Promise<StoredRecord> {
  const { record } = stored
  if (record.resuming) return await recoverResume(orch, stored, there)
  if (there === null && record.handle === null) {
    if (record.lifecycle !== 'spawning') return stored
    if (record.start !== undefined && record.start.triedAt !== null) return await queueAgain(orch, stored)
    const failure = record.failure ?? {
      code: 'SPAWN_DIED',
      text: `The process that spawned it died ${
        stored.skippedLines.length > 0
          ? 'and nothing of it is there; a part of its record cannot be read'
          : 'before it was made'
      }${halfMade(record)}`,
    }
    const endedAt = new Date().toISOString()
    // Another process may have found it meanwhile.
    return await updateRecord(orch, stored, 'spawn-failed', ({ lifecycle, handle, owner }) =>
      lifecycle === 'spawning' && handle === null && isGone(owner)
        ? { lifecycle: 'failed', failure, owner: null, endedAt }
        : null,
    )
  }
  const handle = record.handle ?? there?.handle ?? null
  if (there === null || there.begun === 'yes' || record.ending !== undefined || record.adopted !== undefined) {
    return await updateRecord(orch, stored, 'adopted', () => ({
      lifecycle: 'active',
      handle,
      failure: null,
      endedAt: null,
    }))
  }
  const prompt = there.begun === 'no' && !mayStillArrive(record.beginAt) ? readContext(record.workspace) : null
  const placed = await updateRecord(orch, stored, 'found', (now) =>
    now.handle === null ? { handle, lifecycle: 'spawning', owner: null, endedAt: null } : null,
  )
  // barrier: spawn-found
  const isAsSeen = placed.record.beginAt === record.beginAt && placed.record.ending === undefined
  if (prompt === null || !isAsSeen || placed.record.lifecycle !== 'spawning') return placed
  return await beginUnlessChanged(orch, placed, { backend, prompt, signal })
}

/** Its task is not lost with the process that began to start it: the next one starts it, once nothing can turn up any more. */
async function queueAgain(orch: Orch, stored: StoredRecord): Promise<StoredRecord> {
  return await updateRecord(orch, stored, 'queued-again', ({ lifecycle, handle, owner, start }) => {
    const isAsSeen = lifecycle === 'spawning' && handle === null && isGone(owner)
    const triedAt = new Date().toISOString()
    return isAsSeen && start !== undefined ? { lifecycle: 'queued', owner: null, start: { ...start, triedAt } } : null
  })
}

/**
 * Gives the task unless the record changed since it was read, which was before the look: whoever gives a task records
 * that first, and one that is on its way since may still arrive.
 */
async function beginUnlessChanged(orch: Orch, placed: StoredRecord, task: GivenTask): Promise<StoredRecord> {
  const { id, owner } = placed.record
  const claim = `begin\0${id}`
  if (!takeOver(orch.claims, claim, owner)) return placed
  // barrier: begin-claimed
  const beginning = { type: 'beginning', set: { beginAt: new Date().toISOString() } }
  const now = await appendUnlessChanged(orch, placed, beginning)
  // barrier: begin-recorded
  if (now !== null) return await begin(orch, now, task)
  giveBack(orch.claims, claim)
  return await reread(orch, id)
}

/** What is left of a worktree that it was making. */
function halfMade({ worktree }: AgentRecord): string {
  if (worktree === undefined) return ''
  return `; its worktree "${worktree.path}" ${worktree.readyAt === null ? 'may be half made' : 'stands ready'}`
}

/** A task that a dead process was giving may land after the look. */
function mayStillArrive(beginAt: string | null): boolean {
  return beginAt !== null && Math.abs(Date.now() - Date.parse(beginAt)) < TIMING.inFlightMs
}
