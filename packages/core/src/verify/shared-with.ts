import type { AgentRecord } from '../registry/record.ts'
import type { Registry } from '../registry/registry.ts'

/** Other agents that worked in the directory of this one while it did: what changed there may be of any of them. */
export async function sharedWith(registry: Registry, record: AgentRecord): Promise<readonly string[]> {
  const lists = await Promise.all([registry.list('open'), registry.list('closed')])
  return lists
    .flatMap(({ records }) => records)
    .map((stored) => stored.record)
    .filter(({ id, directory }) => id !== record.id && directory === record.directory)
    .filter(({ lifecycle, handle }) => handle !== null || lifecycle !== 'failed')
    .filter(({ endedAt }) => endedAt === null || endedAt > record.spawnedAt)
    .map(({ id }) => id)
}
