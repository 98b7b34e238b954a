import type { LabelDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { changeLabels, type LabelChanges, type Labels } from '../labels.ts'
import { forEachAgent } from './end-agent.ts'
import type { Orch } from './orch.ts'
import { reread, updateRecord } from './update-record.ts'

/**
 * Changes labels of agents, or shows them when `changes` is empty. Each agent by itself: an error stands in its result
 * (`AGENT_NOT_FOUND`, `RECORD_CORRUPT`, `UNSUPPORTED` for one whose record is closed, `USAGE` for too many).
 */
export async function label(orch: Orch, ids: readonly string[], changes: LabelChanges = {}): Promise<LabelDocument> {
  const results = await forEachAgent<LabelDocument['results'][number]>(
    ids,
    async (id) => ({ id, ok: true, labels: await labelOne(orch, id, changes), error: null }),
    (id, error) => ({ id, ok: false, labels: null, error }),
  )
  return { apiVersion: 1, warnings: [], results }
}

async function labelOne(orch: Orch, id: string, changes: LabelChanges): Promise<Labels> {
  const before = await reread(orch, id)
  if (Object.keys(changes).length === 0) return before.record.labels
  const { record, closed } = await updateRecord(orch, before, 'labelled', (now) => {
    const labels = changeLabels(now.labels, changes)
    return isSame(labels, now.labels) ? null : { labels }
  })
  if (!closed || isSame(changeLabels(record.labels, changes), record.labels)) return record.labels
  throw new OrchError('UNSUPPORTED', `Cannot label "${id}": it was ${record.lifecycle} before`, {
    hint: `See it with "orch history ${id}"`,
    agent: id,
  })
}

function isSame(a: Labels, b: Labels): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
}
