import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { eventually } from '../harness/eventually.ts'
import type { Comparison, Stand } from './support/bench.ts'
import { hookedStand } from './support/hooked-stand.ts'
import { textAges } from './support/text-ages.ts'
import { script } from './support/timed-process.ts'
import type { TmuxStand } from './support/tmux-stand.ts'

/** Where the text of an agent comes from, and how an agent is made that writes such. */
const SOURCES = [
  { what: 'transcript', task: 'Write a transcript', program: 'claude', fileOf: transcriptOf },
  { what: 'output', task: 'Write', program: 'stamps', fileOf: (tmux: TmuxStand, id: string) => tmux.logOf(id) },
] as const

/** How old text is when it comes, of one agent beside those of a place; `null`: alone. */
export async function* tailBeside(stand: Stand, place: TmuxStand | null): AsyncIterable<Comparison> {
  const pieces = stand.quick ? 5 : 100
  for (const { what, task, program, fileOf } of SOURCES) {
    const tmux = place ?? (await hookedStand(stand))
    const id = await tmux.add(task, program)
    const file = await fileOf(tmux, id)
    await eventually(() => existsSync(file), { what: `the ${what} of "${id}"` })
    const type = (...keys: string[]): Promise<string> =>
      tmux.place.tmux.tmux('send-keys', '-t', `=orch:=${id}`, ...keys)
    yield* textAges({
      name: `\`orch tail -f\` of the ${what} of 1 of ${tmux.ids.length} tmux agents`,
      what: "from its program's writing to its coming in the output of the process",
      argv: stand.orch.argv('tail', '-f', id),
      bare: script('floors/follow-log.mjs', file),
      bareWhat: 'a bare script that watches and prints the same file at the same time',
      options: tmux.options,
      pieces,
      write: () => type(`${pieces} 30`, 'Enter'),
      settle: async () => {},
      target: { ratio: 2 },
    })
    if (place === null) await tmux.end()
  }
}

/** Where the program of `hooked-agent.sh` writes its transcript. */
async function transcriptOf({ place, eventsOf }: TmuxStand, id: string): Promise<string> {
  const { session } = JSON.parse(await readFile(`${await eventsOf(id)}.launch`, 'utf8')) as { session: string }
  return `${place.env.HOME}/.claude/projects/${session}.jsonl`
}
