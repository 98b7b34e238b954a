import { type Agent, STATES, type State } from '../agent.ts'
import type { Orphan, StatusDocument } from '../documents.ts'
import { matchesLabels, parseSelectors } from '../labels.ts'
import { driveQueue, withStanding } from '../queue/drive-queue.ts'
import type { StoredRecord } from '../registry/record.ts'
import type { RecordList } from '../registry/registry.ts'
import { totalUsage } from '../usage.ts'
import { actOnLook } from './act-on-look.ts'
import { type BulkLook, type LookOptions, lookAt } from './look.ts'
import type { StatusOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { reread } from './update-record.ts'
import { documentFor } from './warnings.ts'

/**
 * The agents of the project, those that need somebody first. One bulk look per backend; recovers spawns whose process
 * died, delivers messages that wait for an idle agent, and starts who is queued and may start. What could not be looked at is `unknown` and makes the document `complete: false`; nothing is thrown for it.
 * @throws OrchError `DISK`, `PERMISSION_DENIED` when the registry cannot be read; `BACKEND_UNKNOWN` for a backend
 * that is not known and has no agent; `USAGE` for a selector that is none
 */
export async function status(orch: Orch, options: StatusOptions = {}): Promise<StatusDocument> {
  return (await lookStatus(orch, options)).document
}

/** What {@link status} shows, and of what it was made. */
interface StatusLook {
  readonly document: StatusDocument
  /** Also those that `states` leaves out. */
  readonly agents: readonly Agent[]
  readonly records: readonly StoredRecord[]
}

/** The look of {@link status}. */
export async function lookStatus(orch: Orch, options: StatusOptions): Promise<StatusLook> {
  const conditions = parseSelectors(options.selectors ?? [])
  const open = await orch.registry.list('open')
  const ended = options.ended ? await orch.registry.list('closed') : { records: [], unreadable: [] }
  const records = newestOf([...open.records, ...ended.records]).filter(
    (stored) => isWanted(orch, options, stored) && matchesLabels(stored.record.labels, conditions),
  )
  if (records.length === 0) await refuseUnknown(orch, options.backend)
  const wanted = orch.backendNames.filter((name) => options.backend === undefined || name === options.backend)
  const first = await lookAt(orch, records, { ...toLook(options), alsoLookAt: wanted })
  const look = await lookAgain(orch, { open: open.records, records, first }, options)
  const agents = look.looks.map(({ agent }) => agent)
  const shown = options.states ? agents.filter(({ state }) => options.states?.includes(state)) : agents
  const unreadable = [...open.unreadable, ...ended.unreadable]
  const now = look.looks.map(({ stored }) => stored)
  const document: StatusDocument = {
    ...documentFor(now, unreadable),
    project: options.allProjects ? null : orch.project,
    complete: look.complete && unreadable.length === 0,
    backends: look.backends,
    counts: countStates(agents),
    agents: shown.toSorted(byNeed),
    orphans: await findOrphans(orch, look, open),
    usage: totalUsage(agents.map(({ usage }) => usage)),
    usageByProject: usageByProject(agents),
  }
  return { document, agents, records: now }
}

function toLook({ signal, usage }: StatusOptions): LookOptions {
  return { signal, usage }
}

/** One that was closed between the two lists is in both. */
function newestOf(records: readonly StoredRecord[]): readonly StoredRecord[] {
  return [...new Map(records.map((stored) => [stored.record.id, stored])).values()]
}

async function refuseUnknown(orch: Orch, backend: string | undefined): Promise<void> {
  if (backend !== undefined && !orch.backendNames.includes(backend)) await orch.backend(backend)
}

function isWanted(orch: Orch, options: StatusOptions, { record, closed }: StoredRecord): boolean {
  if (closed && !options.ended) return false
  if (options.backend !== undefined && record.backend !== options.backend) return false
  return options.allProjects === true || record.project === orch.project
}

/** A second look only where the first one made something change. */
async function lookAgain(
  orch: Orch,
  {
    open,
    records,
    first,
  }: { readonly open: readonly StoredRecord[]; readonly records: readonly StoredRecord[]; readonly first: BulkLook },
  options: StatusOptions,
): Promise<BulkLook> {
  const { signal, start } = options
  const now = await actOnLook(orch, first, signal)
  const queues = newestOf([...open, ...now]).filter(
    ({ record }) => options.allProjects === true || record.project === orch.project,
  )
  const driven = await driveQueue(orch, queues, { ...first, signal, mayStart: start === true, mayTakeLong: start })
  const started = await Promise.all(
    now.filter(({ record }) => driven.changed.has(record.id)).map(({ record }) => reread(orch, record.id)),
  )
  const after = newestOf([...now, ...started])
  const changed = after.filter((stored, index) => stored !== first.looks[index]?.stored)
  const again = changed.length === 0 ? null : await lookAt(orch, changed, toLook(options))
  const looks = new Map([...first.looks, ...(again?.looks ?? [])].map((look) => [look.stored.record.id, look]))
  return {
    ...first,
    looks: records
      .map(({ record }) => looks.get(record.id))
      .filter((look) => look !== undefined)
      .map((look) => withStanding(look, driven)),
    complete: first.complete && again?.complete !== false,
  }
}

function countStates(agents: readonly Agent[]): Record<State, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>
  for (const { state } of agents) counts[state]++
  return counts
}

function usageByProject(agents: readonly Agent[]): StatusDocument['usageByProject'] {
  const projects = [...new Set(agents.map(({ project }) => project))].sort()
  return projects.map((project) => {
    const own = agents.filter((agent) => agent.project === project)
    return { project, usage: totalUsage(own.map(({ usage }) => usage)) }
  })
}

function byNeed(a: Agent, b: Agent): number {
  return STATES.indexOf(a.state) - STATES.indexOf(b.state) || byTurn(a, b) || newerFirst(a, b)
}

/** Those that are queued stand as they are started. */
function byTurn({ pending: a }: Agent, { pending: b }: Agent): number {
  return a?.position != null && b?.position != null ? a.position - b.position : 0
}

/** ISO 8601 sorts by its characters; `localeCompare` loads the rules of a language for each pair. */
function newerFirst(a: Agent, b: Agent): number {
  return a.spawnedAt < b.spawnedAt ? 1 : a.spawnedAt > b.spawnedAt ? -1 : 0
}

/**
 * What carries orch's tag and is no open agent of any project: without a record, or left over from a closed one. An
 * agent that was opened or closed during the look is neither.
 */
async function findOrphans(orch: Orch, look: BulkLook, before: RecordList): Promise<Orphan[]> {
  const known = new Set([...before.records.map(({ record }) => record.id), ...before.unreadable.map(({ id }) => id)])
  const unknown = look.found.filter(({ id }) => !known.has(id))
  if (unknown.length === 0) return []
  const now = new Set(await orch.registry.ids('open'))
  return unknown.filter(({ id }) => !now.has(id)).map(({ backend, id, detail }) => ({ backend, id, detail }))
}
