import type { HistoryDocument, TrailEntry } from '../documents.ts'
import { lookAtOne, ofRecord } from '../orchestrator/look.ts'
import type { CallOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { reread } from '../orchestrator/update-record.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import type { RecordEvent } from '../registry/record.ts'
import { totalUsage } from '../usage.ts'
import { wordsOf } from './event-words.ts'
import { toEntry } from './history.ts'

/**
 * What was done to one agent, by whom and when, from its record's log. It changes nothing.
 * @throws OrchError `AGENT_NOT_FOUND`, `RECORD_CORRUPT`
 */
export async function trail(orch: Orch, id: string, { signal }: CallOptions = {}): Promise<HistoryDocument> {
  const before = await reread(orch, id)
  const look = before.closed ? null : await lookAtOne(orch, before, signal)
  const events = (await orch.registry.events(id)) ?? []
  const stored = look?.stored ?? before
  const entry = toEntry(stored, look?.agent ?? ofRecord(before), Date.now())
  return {
    ...documentFor([stored]),
    project: stored.record.project,
    complete: entry.state !== 'unknown',
    total: 1,
    agents: [entry],
    usage: totalUsage([entry.usage]),
    trail: events.map(toTrailEntry),
  }
}

function toTrailEntry(event: RecordEvent): TrailEntry {
  const { uid, base, at, type, by, set } = event
  return {
    revision: String(base + 1),
    uid,
    at,
    type,
    by: by ?? null,
    text: wordsOf(event),
    changed: base === 0 ? [] : Object.keys(set),
  }
}
