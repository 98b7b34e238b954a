import type { Comparison, Stand } from './support/bench.ts'
import { openCodeStand, type Session } from './support/open-code-stand.ts'
import { textAges } from './support/text-ages.ts'
import { script } from './support/timed-process.ts'

/** How old text is when it comes out of orch and out of a bare reader, while both read the same stream. */
export async function* tailDeltas(stand: Stand): AsyncIterable<Comparison> {
  const openCode = await openCodeStand(stand)
  await openCode.add('Answer [[answer: Done]]', 1, 1)
  await openCode.settled('idle', 1)
  const [first] = openCode.sessions as [Session]
  await openCode.turnEnd(first)
  const chunks = stand.quick ? 5 : 100
  const ages = async function* (name: string, what: string, argv: readonly string[]): AsyncIterable<Comparison> {
    const { sessions, options } = openCode
    const server = await openCode.server()
    const ids = sessions.map(({ sessionId }) => sessionId)
    yield* textAges({
      name,
      what: `from the model's writing to its coming ${what}`,
      argv,
      bare: script('floors/follow-deltas.mjs', server.url, server.authorization, ...ids),
      bareWhat: 'a bare script that reads the events of the server at the same time, and prints the same text',
      options,
      pieces: chunks * sessions.length,
      write: () => openCode.prompt(`[[stamps: ${chunks}, 30]]`, sessions),
      settle: async () => {
        await Promise.all(sessions.map(openCode.turnEnd))
      },
      target: { ratio: 1.5 },
    })
  }
  yield* ages(
    '`orch tail -f` of 1 OpenCode agent',
    'in the output of the process',
    stand.orch.argv('tail', '-f', first.id),
  )
  const count = stand.quick ? 2 : 50
  await openCode.addQuiet(count - 1, 1)
  await openCode.settled('idle', count)
  const { core, openCode: backend } = stand.orch
  yield* ages(
    `\`tail()\` of ${count} OpenCode agents at once`,
    'in the output of one process that follows all of them with the library',
    script('programs/tail-agents.mjs', core, backend, ...openCode.sessions.map(({ id }) => id)),
  )
  await openCode.end()
}
