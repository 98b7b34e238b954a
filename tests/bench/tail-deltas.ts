import { eventually } from '../harness/eventually.ts'
import { atRest } from './support/at-rest.ts'
import type { Comparison, Stand } from './support/bench.ts'
import { type OpenCodeStand, openCodeStand, type Session } from './support/open-code-stand.ts'
import { sameRun } from './support/same-run.ts'
import { type StampReader, stampReader } from './support/stamps.ts'
import { percentile } from './support/statistics.ts'
import { script, startReading } from './support/timed-process.ts'

/** How old text is when it comes out of orch and out of a bare reader, while both read the same stream. */
export async function* tailDeltas(stand: Stand): AsyncIterable<Comparison> {
  const openCode = await openCodeStand(stand)
  await openCode.add('Answer [[answer: Done]]', 1, 1)
  await openCode.settled('idle', 1)
  const [first] = openCode.sessions as [Session]
  await openCode.turnEnd(first)
  const chunks = stand.quick ? 5 : 100
  yield* agesOf(openCode, {
    name: '`orch tail -f` of 1 OpenCode agent',
    what: 'in the output of the process',
    argv: stand.orch.argv('tail', '-f', first.id),
    chunks,
  })
  const count = stand.quick ? 2 : 50
  await openCode.addQuiet(count - 1, 1)
  await openCode.settled('idle', count)
  const ids = openCode.sessions.map(({ id }) => id)
  yield* agesOf(openCode, {
    name: `\`tail()\` of ${count} OpenCode agents at once`,
    what: 'in the output of one process that follows all of them with the library',
    argv: script('programs/tail-agents.mjs', stand.orch.core, stand.orch.openCode, ...ids),
    chunks,
  })
  await openCode.end()
}

interface Subject {
  readonly name: string
  /** Where the text of orch comes. */
  readonly what: string
  readonly argv: readonly string[]
  /** Of each agent, 30 milliseconds apart. */
  readonly chunks: number
}

async function* agesOf(openCode: OpenCodeStand, { name, what, argv, chunks }: Subject): AsyncIterable<Comparison> {
  const { sessions, options } = openCode
  const server = await openCode.server()
  const ids = sessions.map(({ sessionId }) => sessionId)
  const bare = script('floors/follow-deltas.mjs', server.url, server.authorization, ...ids)
  const [orch, floor] = [stampReader(), stampReader()]
  const processes = [startReading(argv, options, orch.read), startReading(bare, options, floor.read)]
  for (const { pid } of processes) await atRest(pid)
  const isWhole = (reader: StampReader): boolean => reader.ages().length === chunks * sessions.length
  const figures = sameRun(['orch 50', 'floor 50', 'orch 99', 'floor 99'], async () => {
    for (const reader of [orch, floor]) reader.forget()
    await openCode.prompt(`[[stamps: ${chunks}, 30]]`, sessions)
    const areWhole = (): boolean => isWhole(orch) && isWhole(floor)
    await eventually(areWhole, { timeoutMs: 120_000, intervalMs: 100, what: `all text of ${name}` })
    await Promise.all(sessions.map(openCode.turnEnd))
    return {
      'orch 50': percentile(orch.ages(), 50),
      'floor 50': percentile(floor.ages(), 50),
      'orch 99': percentile(orch.ages(), 99),
      'floor 99': percentile(floor.ages(), 99),
    }
  })
  for (const percent of [50, 99] as const)
    yield {
      name: `${name}: how old text is, p${percent} of ${chunks * sessions.length} pieces`,
      unit: 'ms',
      orch: { what: `from the model's writing to its coming ${what}`, measure: figures[`orch ${percent}`] },
      floor: {
        what: 'a bare script that reads the events of the server at the same time, and prints the same text',
        measure: figures[`floor ${percent}`],
      },
      target: { ratio: 1.5 },
    }
  await Promise.all(processes.map((process) => process.kill()))
}
