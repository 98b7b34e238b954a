import { OrchError } from '../errors.ts'
import type { Orch } from '../orchestrator/orch.ts'

/** Who has the places of a project: one list, and one claim for each change of it. */
export interface Places {
  readonly generation: number
  /** Ids, also of agents that gave up their place since: whoever takes one leaves those out. */
  readonly holders: readonly string[]
}

/**
 * The places of a project as they are now.
 * @throws OrchError `DISK`, `RECORD_CORRUPT` when they cannot be read: nobody is started then
 */
export function readPlaces({ claims }: Orch, project: string): Places {
  const latest = claims.latest(nameOf(project))
  if (latest === null) return { generation: 0, holders: [] }
  const holders = parseIds(latest.content)
  if (holders !== null) return { generation: latest.generation, holders }
  throw new OrchError('RECORD_CORRUPT', `Cannot tell who has the places of "${project}": their claim is not readable`, {
    hint: 'Run "orch doctor": it names the state folder, where the newest file below "claims" may be damaged',
  })
}

/** Writes the next list; `false`, and nothing done, when another process was faster. */
export function takePlaces({ claims }: Orch, project: string, before: Places, holders: readonly string[]): boolean {
  return claims.create(nameOf(project), before.generation + 1, JSON.stringify(holders))
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
