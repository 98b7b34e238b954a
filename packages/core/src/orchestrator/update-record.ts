import { isOrchError, OrchError } from '../errors.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import type { RecordUpdate } from '../registry/registry.ts'
import { assertClosedAs, assertNotDelivered, assertSameEnding } from './being-ended.ts'
import type { Orch } from './orch.ts'

/**
 * Changes a record whatever else changes it meanwhile: `change` is asked again for each revision that was lost.
 * @returns the record as it is now; unchanged when `change` returns `null` or the record was closed meanwhile
 * @throws OrchError `RECORD_CORRUPT` for a damaged record, `AGENT_NOT_FOUND` when it is not there any more
 */
export async function updateRecord(
  orch: Orch,
  stored: StoredRecord,
  kind: string | Omit<RecordUpdate, 'set'>,
  change: (record: AgentRecord) => RecordChange | null,
): Promise<StoredRecord> {
  const update = typeof kind === 'string' ? { type: kind } : kind
  for (let now = stored; ; now = await reread(orch, now.record.id)) {
    const set = assertSound(now).closed ? null : change(now.record)
    if (set === null) return now
    const changed = await appendUnlessChanged(orch, now, { ...update, set })
    if (changed !== null) return changed
  }
}

/** Changes a record that is still as `stored` has it; `null` when another process changed or closed it since. */
export async function appendUnlessChanged(
  orch: Orch,
  stored: StoredRecord,
  update: RecordUpdate,
): Promise<StoredRecord | null> {
  try {
    return await orch.registry.append(stored.record.id, stored.revision, update)
  } catch (error) {
    if (isOrchError(error) && error.code === 'CONFLICT') return null
    throw error
  }
}

/**
 * Closes a record, unless somebody else closed it first.
 * @param stored as it was when its agent was ended
 * @throws OrchError `BUSY` when its agent was resumed since, or another process ends it in another way; `CLOSED` when that one
 * closed it
 */
export async function closeRecord(
  orch: Orch,
  stored: StoredRecord,
  lifecycle: 'completed' | 'abandoned' | 'failed',
  change: RecordChange = {},
): Promise<StoredRecord> {
  for (let now = stored; ; now = await reread(orch, now.record.id)) {
    if (assertSound(now).closed) return assertClosedAs(now, lifecycle)
    assertNotResumed(now.record, stored.record)
    assertNotDelivered(now.record, stored.record)
    if (lifecycle !== 'failed') assertSameEnding(now.record, stored.record)
    const set = { ...change, lifecycle, endedAt: new Date().toISOString() }
    try {
      return await orch.registry.archive(now.record.id, now.revision, { type: lifecycle, set })
    } catch (error) {
      if (!isOrchError(error) || error.code !== 'CONFLICT') throw error
    }
  }
}

/** What was ended is not what runs now, or is about to. */
function assertNotResumed(now: AgentRecord, before: AgentRecord): void {
  if (!now.resuming && now.resumedAt === before.resumedAt) return
  throw resumedMeanwhile(now.id)
}

/** That an agent cannot be ended, as another process starts its program again. */
export function resumedMeanwhile(id: string): OrchError {
  return new OrchError('BUSY', `Cannot end "${id}": another process resumes it`, {
    hint: 'Run the same command again once that has ended',
    agent: id,
    retryable: true,
  })
}

/**
 * The record of an id.
 * @throws OrchError `AGENT_NOT_FOUND`, `RECORD_CORRUPT`
 */
export async function reread(orch: Orch, id: string): Promise<StoredRecord> {
  const stored = await orch.registry.get(id)
  if (stored !== null) return stored
  throw new OrchError('AGENT_NOT_FOUND', `Cannot find the agent "${id}": there is no record of it`, {
    hint: 'List the agents with "orch status --all-projects --ended"',
    agent: id,
  })
}

/** The same record, unless events of it are missing. @throws OrchError `RECORD_CORRUPT` */
export function assertSound(stored: StoredRecord): StoredRecord {
  if (stored.damage === null) return stored
  const { id } = stored.record
  throw new OrchError('RECORD_CORRUPT', `Cannot trust the record of "${id}": ${stored.damage.text}`, {
    hint: `Look at its lines in "${id}.jsonl" in the state folder that "orch doctor" names; move the file away to forget the agent`,
    agent: id,
  })
}
