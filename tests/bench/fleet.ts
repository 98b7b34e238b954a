import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench, Stand } from './support/bench.ts'
import { type OpenCodeStand, openCodeStand } from './support/open-code-stand.ts'
import { sameRun } from './support/same-run.ts'
import { stampReader } from './support/stamps.ts'
import { script, timeProcess } from './support/timed-process.ts'

/** What one process may have resident at most, in MiB. */
const MOST_MIB = 150

export const fleet: Bench = {
  name: 'fleet',
  about: 'many OpenCode agents at once in one process: how long they take, and its memory',
  async *comparisons(stand) {
    const openCode = await openCodeStand(stand)
    await openCode.add('Answer [[answer: Done]]', 1, 1)
    await openCode.settled('idle', 1)
    const [count, chunks] = stand.quick ? [3, 5] : [50, 60]
    const words = [String(count), 'Answer [[answer: Ready]]', `Write [[stamps: ${chunks}, 30]]`]
    const { core, openCode: backend } = stand.orch
    const { place } = openCode
    const sides = {
      orch: script('programs/run-fleet.mjs', core, backend, ...words),
      floor: script('floors/run-fleet.mjs', place.project, place.state, ...words),
    }
    const [orch, floor] = [sides.orch, sides.floor].map((argv) =>
      sameRun(['ms', 'MiB'], () => runFleet(stand, openCode, { argv, pieces: count * chunks })),
    ) as [Figures, Figures]
    const name = `${count} OpenCode agents at once, ${chunks} pieces of text each`
    const what =
      'a bare script that makes the same requests for as many sessions, and prints their text from one stream'
    yield {
      name: `${name}: from start to the end of the last turn`,
      unit: 'ms',
      orch: { what: 'one process that spawns, follows and prompts all of them with the library', measure: orch.ms },
      floor: { what, measure: floor.ms },
      target: { ratio: 1.15 },
    }
    yield {
      name: `${name}: memory`,
      unit: 'MiB',
      orch: { what: 'the most that this process ever has resident', measure: orch.MiB },
      floor: { what, measure: floor.MiB },
      target: { most: MOST_MIB },
    }
  },
}

type Figures = Readonly<Record<'ms' | 'MiB', () => Promise<number>>>

/** One run to its end; its sessions and records are removed. @throws Error when a piece of text did not come. */
async function runFleet(
  { progress }: Stand,
  openCode: OpenCodeStand,
  { argv, pieces }: { readonly argv: readonly string[]; readonly pieces: number },
): Promise<Record<'ms' | 'MiB', number>> {
  const { ms, stdout } = await timeProcess(argv, openCode.options)
  const reader = stampReader()
  reader.read(stdout)
  const lost = pieces - reader.ages().length
  if (lost > 0) throw new Error(`Cannot compare: ${lost} of ${pieces} pieces of text did not come`)
  progress(`${Math.round(ms)} ms`)
  await forgetAll(openCode)
  return { ms, MiB: Number(stdout.slice(stdout.lastIndexOf('\n') + 1)) }
}

/** Removes every session and record but those of the first agent. */
async function forgetAll({ place, sessions, server }: OpenCodeStand): Promise<void> {
  const [kept] = sessions
  const raw = await server()
  const listed = await raw.get<{ readonly id: string }[]>('/session?limit=1000', place.project)
  for (const { id } of listed) if (id !== kept?.sessionId) await raw.remove(`/session/${id}`, place.project)
  const folder = join(place.state, 'agents')
  const records = (await readdir(folder)).filter((name) => name !== `${kept?.id}.jsonl`)
  for (const name of records) await rm(join(folder, name))
}
