import type { Agent } from '../agent.ts'
import type { HistoryDocument, HistoryEntry } from '../documents.ts'
import { matchesLabels, parseSelectors } from '../labels.ts'
import { lookAt, ofRecord } from '../orchestrator/look.ts'
import type { HistoryOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { totalUsage } from '../usage.ts'
import { elapsedMs } from './elapsed.ts'

/**
 * Agents that were and that are, newest first: when, how long, what came of them. Each record is read once, those that
 * ended are not looked at any more, those that live by one bulk look per backend. It changes nothing.
 * @throws OrchError `DISK`, `PERMISSION_DENIED` when the registry cannot be read; `USAGE` for a selector that is none
 */
export async function history(orch: Orch, options: HistoryOptions = {}): Promise<HistoryDocument> {
  const conditions = parseSelectors(options.selectors ?? [])
  const [open, closed] = [await orch.registry.list('open'), await orch.registry.list('closed')]
  const now = Date.now()
  const newest = new Map([...open.records, ...closed.records].map((stored) => [stored.record.id, stored]))
  const records = [...newest.values()]
    .filter(({ record }) => matchesLabels(record.labels, conditions))
    .filter((stored) => isWanted(orch, stored, options))
  const living = records.filter((stored) => !stored.closed)
  const look = living.length === 0 ? null : await lookAt(orch, living, { signal: options.signal })
  const seen = new Map(look?.looks.map(({ agent, stored }) => [agent.id, { agent, stored }]))
  const all = records
    .map((stored) => seen.get(stored.record.id) ?? { stored, agent: ofRecord(stored) })
    .filter(({ agent }) => options.states === undefined || options.states.includes(agent.state))
    .map(({ stored, agent }) => toEntry(stored, agent, now))
    .sort((a, b) => (a.spawnedAt < b.spawnedAt ? 1 : a.spawnedAt > b.spawnedAt ? -1 : 0))
  const unreadable = [...open.unreadable, ...closed.unreadable]
  return {
    ...documentFor(records, unreadable),
    project: options.allProjects ? null : orch.project,
    complete: look?.complete !== false && unreadable.length === 0,
    total: all.length,
    agents: options.last === undefined ? all : all.slice(0, options.last),
    usage: totalUsage(all.map(({ usage }) => usage)),
    trail: null,
  }
}

/** What a record and the look at its agent come to in a list of what was. Pure. */
export function toEntry({ record, closed }: StoredRecord, agent: Agent, now: number): HistoryEntry {
  const { id, task, project, branch, backend, program, model, parent, labels, lifecycle, phase, usage, exit } = agent
  return {
    id,
    task,
    project,
    branch,
    backend,
    program,
    model,
    parent,
    labels,
    lifecycle,
    state: agent.state,
    reason: agent.reason,
    outcome: closed ? outcomeOf(record) : null,
    endReason: record.endReason ?? null,
    overridden: record.overridden ?? [],
    phase,
    usage,
    exit,
    spawnedAt: record.spawnedAt,
    endedAt: record.endedAt,
    durationMs: elapsedMs(record.spawnedAt, closed ? record.endedAt : now),
  }
}

function outcomeOf({ lifecycle }: AgentRecord): HistoryEntry['outcome'] {
  return lifecycle === 'completed' || lifecycle === 'abandoned' || lifecycle === 'failed' ? lifecycle : null
}

function isWanted(orch: Orch, { record, closed }: StoredRecord, options: HistoryOptions): boolean {
  const { allProjects = false, backend, since, until } = options
  if (!allProjects && record.project !== orch.project) return false
  if (backend !== undefined && record.backend !== backend) return false
  if (until !== undefined && Date.parse(record.spawnedAt) > Date.parse(until)) return false
  // One whose end is not known may have lived then.
  return since === undefined || !closed || !(Date.parse(record.endedAt ?? '') < Date.parse(since))
}
