import type { StoredRecord } from '../../../src/registry/record.ts'
import type { Registry } from '../../../src/registry/registry.ts'

/** One try of a worker to create, change or archive a record: it adds `label` to `answered`. */
export interface Try {
  readonly verb: 'create' | 'append' | 'archive'
  readonly id: string
  readonly label: string
  /** The revision that the worker expected. */
  readonly revision: number
  /** The revision that it was told it won, or the code of the refusal; missing when it was killed before it knew. */
  readonly told?: number | string
}

/** Everything in the store that is not so as the workers were told. */
export async function violations(tries: readonly Try[], registry: Registry): Promise<readonly string[]> {
  const open = await registry.list('open')
  const closed = await registry.list('closed')
  const unreadable = [...open.unreadable, ...closed.unreadable].map(({ id }) => `${id} cannot be read`)
  const twice = open.records.flatMap(({ record: { id } }) =>
    closed.records.some((stored) => stored.record.id === id) ? [`${id} is open and closed`] : [],
  )
  const stored = new Map<string, StoredRecord>()
  for (const one of [...open.records, ...closed.records]) stored.set(one.record.id, one)
  const strangers = [...stored.keys()].filter((id) => !tries.some((one) => one.id === id))
  const found = [...unreadable, ...twice, ...strangers.map((id) => `nobody made ${id}`)]
  const archived = new Set(closed.records.map(({ record }) => record.id))
  for (const id of new Set(tries.map((one) => one.id))) {
    const mine = tries.filter((one) => one.id === id)
    found.push(...aboutOne(mine, stored.get(id) ?? null, archived.has(id)).map((text) => `${id}: ${text}`))
  }
  return found
}

function aboutOne(tries: readonly Try[], stored: StoredRecord | null, archived: boolean): readonly string[] {
  const won = tries.filter(({ told }) => typeof told === 'number')
  const seen = tries.filter(({ told }) => told === 'AGENT_EXISTS')
  if (stored === null)
    return [...won, ...seen].map(({ label, told }) => `${label} was told ${told}: there is no record`)
  const { record, revision, damage } = stored
  const wrong = tries.flatMap((one) => aboutTry(one, stored, archived))
  if (damage !== null) wrong.push(`damaged: ${damage.text}`)
  if (record.answered.length !== revision) wrong.push(`${record.answered.length} changes and revision ${revision}`)
  for (const label of record.answered)
    if (!tries.some((one) => one.label === label && typeof one.told !== 'string'))
      wrong.push(`${label} is stored, and was refused or never tried`)
  if (archived && !tries.some(({ verb, told }) => verb === 'archive' && typeof told !== 'string'))
    wrong.push('archived by nobody')
  return wrong
}

function aboutTry({ verb, label, revision, told }: Try, stored: StoredRecord, archived: boolean): string[] {
  const { answered } = stored.record
  const places = answered.flatMap((one, index) => (one === label ? [index] : []))
  if (told === undefined) return places.every((place) => place === revision) ? [] : [`${label} is not at ${revision}`]
  if (typeof told === 'number') {
    const wrong = places.length === 1 && places[0] === revision ? [] : [`${label} won, and is not at ${revision}`]
    if (told <= revision) wrong.push(`${label} on revision ${revision} won ${told}`)
    if (verb === 'archive' && stored.revision !== revision + 1) wrong.push(`changed after ${label} archived it`)
    if (verb === 'archive' && !archived) wrong.push(`${label} archived it, and it is open`)
    return wrong
  }
  if (told === 'AGENT_EXISTS' && verb === 'create') return []
  const moved = stored.closed || stored.revision !== revision
  return told === 'CONFLICT' && verb !== 'create' && moved ? [] : [`${verb} of ${label} was told ${told}`]
}
