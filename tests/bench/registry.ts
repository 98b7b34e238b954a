import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentRecord, createAgentId, openOrch, spawn } from '@orch/core'
import { memory } from '@orch/core/memory'
import { tmuxPlace } from '../stories/support/place.ts'
import type { Bench } from './support/bench.ts'
import { script, timeProcess } from './support/timed-process.ts'

/** So many records are changed in one measurement. */
const APPENDS = 200

export const registry: Bench = {
  name: 'registry',
  about: 'one change of a record, and reading all of 1000 and 10,000',
  async *comparisons({ scope, orch, quick, progress }) {
    const place = await scope.use(tmuxPlace())
    const options = { env: place.env, cwd: place.project }
    const folder = join(place.state, 'agents')
    const add = await recordMaker(place)
    let made = 0
    for (const count of quick ? [20] : [1000, 10_000]) {
      progress(`making ${count - made} records`)
      for (; made < count; made++) await add()
      const bare = join(place.state, `bare-${count}`)
      await cp(folder, bare, { recursive: true })
      const line = JSON.stringify({
        v: 1,
        uid: crypto.randomUUID(),
        base: 1,
        at: new Date().toISOString(),
        type: 'observed',
        set: { facts: { at: 0 } },
      })
      const printed = async (argv: readonly string[]): Promise<number> =>
        Number((await timeProcess(argv, options)).stdout)
      yield {
        name: `one change of a record beside ${count}`,
        unit: 'ms',
        orch: {
          what: `in the process, over ${APPENDS} changes`,
          measure: () => printed(script('programs/append-records.mjs', orch.core, String(APPENDS))),
        },
        floor: {
          what: 'open, append, sync and close a file',
          measure: () => printed(script('floors/append-records.mjs', bare, String(APPENDS), line)),
        },
      }
      const read = async (argv: readonly string[]): Promise<number> => {
        const { ms, stdout } = await timeProcess(argv, options)
        if (Number(stdout) !== count) throw new Error(`Cannot measure ${count} records: ${stdout} were read`)
        return ms
      }
      yield {
        name: `reading ${count} records`,
        unit: 'ms',
        orch: {
          what: 'a whole process that lists them',
          measure: () => read(script('programs/read-records.mjs', orch.core)),
        },
        floor: {
          what: 'a bare script that reads and parses the files',
          measure: () => read(script('floors/read-records.mjs', bare)),
        },
      }
    }
  },
}

/** Makes records as a spawn leaves them, through the registry. */
async function recordMaker({
  project,
  env,
}: {
  project: string
  env: Record<string, string>
}): Promise<() => Promise<void>> {
  const orch = await openOrch({ directory: project, env, backends: { memory: memory() }, backend: 'memory' })
  const { agent } = await spawn(orch, { task: 'Wait for what comes' })
  const { record } = (await orch.registry.get(agent.id)) ?? {}
  await orch.close()
  let number = 0
  return async () => {
    if (number++ === 0) return
    const id = createAgentId(`wait ${number}`)
    await orch.registry.create({ ...(record as AgentRecord), id })
  }
}
