import type { Orch } from '../orchestrator/orch.ts'
import type { StoredRecord } from '../registry/record.ts'

/** Who has the places of a project: one list, and one claim for each change of it. */
export interface Places {
  readonly generation: number
  /** Ids, also of agents that gave up their place since: whoever takes one leaves those out. */
  readonly holders: readonly string[]
}

/**
 * The places of a project as they are now. Where the disk damaged their list, whoever was started with one has it.
 * @param open every open record of that project
 * @throws OrchError `DISK` when they cannot be read: nobody is started then
 */
export function readPlaces({ claims }: Orch, project: string, open: readonly StoredRecord[]): Places {
  const latest = claims.latest(nameOf(project))
  if (latest === null) return { generation: 0, holders: [] }
  const { generation, content } = latest
  const started = (): string[] => open.filter((stored) => isStarted(stored, project)).map(({ record }) => record.id)
  return { generation, holders: parseIds(content) ?? started() }
}

/** Whether it was given a place and may still have it: also one that is queued since its start was cut off. */
function isStarted({ record, closed }: StoredRecord, project: string): boolean {
  const { start, lifecycle } = record
  if (closed || record.project !== project || start === undefined || start.maxParallel === null) return false
  return lifecycle !== 'queued' || start.triedAt !== null
}

/** Writes the next list; `false`, and nothing done, when another process was faster. */
export function takePlaces({ claims }: Orch, project: string, before: Places, holders: readonly string[]): boolean {
  return claims.create(nameOf(project), before.generation + 1, JSON.stringify(holders))
}

/** Gives back the place of an agent, if it has one. Only the process that its record names as its owner may. */
export async function releasePlace(orch: Orch, project: string, id: string): Promise<void> {
  for (;;) {
    const places = readPlaces(orch, project, (await orch.registry.list('open')).records)
    const rest = places.holders.filter((holder) => holder !== id)
    if (rest.length === places.holders.length || takePlaces(orch, project, places, rest)) return
  }
}

function nameOf(project: string): string {
  return `places\0${project}`
}

function parseIds(text: string): readonly string[] | null {
  try {
    const ids = JSON.parse(text) as unknown
    return Array.isArray(ids) && ids.every((id) => typeof id === 'string') ? ids : null
  } catch {
    return null
  }
}
