import { isOrchError } from '../errors.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'

/**
 * Who spawned each of these, who spawned that one, and so on, by id: also those of other projects, and those that are
 * closed, as the one above them may still wait. The line of one whose record is gone or cannot be read is not known.
 * @param open records that need not be read again
 */
export async function ancestorsOf(
  orch: Orch,
  queue: readonly AgentRecord[],
  open: readonly StoredRecord[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const parents = new Map(open.map(({ record }) => [record.id, record.parent]))
  const all = new Map<string, ReadonlySet<string>>()
  for (const record of queue) {
    const found = new Set<string>()
    for (let id = record.parent; id !== null && !found.has(id); id = parents.get(id) ?? null) {
      found.add(id)
      if (!parents.has(id)) parents.set(id, await parentOf(orch, id))
    }
    all.set(record.id, found)
  }
  return all
}

async function parentOf(orch: Orch, id: string): Promise<string | null> {
  try {
    return (await orch.registry.get(id))?.record.parent ?? null
  } catch (error) {
    if (isOrchError(error) && error.code === 'RECORD_CORRUPT') return null
    throw error
  }
}
