import type { AgentRecord } from '../registry/record.ts'
import type { Registry } from '../registry/registry.ts'

/** Tells of a record which other agents worked in its directory while its own did: what changed there may be of any of them. */
export type SharedWith = (record: AgentRecord) => Promise<readonly string[]>

/** Reads all records at the first question, and once. */
export function createSharedWith(registry: Registry): SharedWith {
  let reading: Promise<readonly AgentRecord[]> | undefined
  const read = async (): Promise<readonly AgentRecord[]> => {
    const lists = await Promise.all([registry.list('open'), registry.list('closed')])
    return lists.flatMap(({ records }) => records.map((stored) => stored.record))
  }
  return async (record) => {
    reading ??= read()
    return (await reading)
      .filter(({ id, directory }) => id !== record.id && directory === record.directory)
      .filter(({ lifecycle, handle }) => handle !== null || lifecycle !== 'failed')
      .filter(({ endedAt }) => endedAt === null || endedAt > record.spawnedAt)
      .map(({ id }) => id)
  }
}
