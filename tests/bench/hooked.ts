import type { StatusDocument } from '@orch/core'
import { burst } from './burst.ts'
import { sendConfirmed } from './send-confirmed.ts'
import type { Bench, Comparison, Stand } from './support/bench.ts'
import { hookedStand } from './support/hooked-stand.ts'
import { script, timeProcess } from './support/timed-process.ts'
import type { TmuxStand } from './support/tmux-stand.ts'
import { tailBeside } from './tail-beside.ts'

export const hooked: Bench = {
  name: 'hooked',
  about:
    'tmux agents with hooks: `status --json` of 1000, `send` confirmed, the age of text among 1 and 1000, 50 MB at once',
  async *comparisons(stand) {
    yield* tailBeside(stand, null)
    yield* burst(stand)
    const tmux = await hookedStand(stand)
    await tmux.growTo(stand.quick ? 3 : 10)
    yield await sendConfirmed(stand, tmux)
    yield* statusOf(stand, tmux)
    yield* tailBeside(stand, tmux)
    await tmux.end()
  },
}

type Counts = Pick<StatusDocument['counts'], 'idle' | 'working'>

async function* statusOf(stand: Stand, tmux: TmuxStand): AsyncIterable<Comparison> {
  for (const count of stand.quick ? [3] : [100, 1000]) {
    await tmux.growTo(count)
    const { counts } = JSON.parse((await tmux.orch('status', '--json')).stdout) as StatusDocument
    yield {
      name: `\`orch status --json\`, ${count} tmux agents with hooks`,
      unit: 'ms',
      orch: {
        what: 'the whole process',
        measure: async () => {
          const { ms, stdout } = await tmux.orch('status', '--json')
          assertSame((JSON.parse(stdout) as StatusDocument).counts, counts)
          return ms
        },
      },
      floor: {
        what: 'a bare script: reads the records, the pages, what was told since the newest turn began and the status of each program, `tmux list-panes` once',
        measure: async () => {
          const argv = script('floors/status-hooked.mjs', tmux.place.state, tmux.socket)
          const { ms, stdout } = await timeProcess(argv, tmux.options)
          const states = (JSON.parse(stdout) as { state: string }[]).map(({ state }) => state)
          const countOf = (wanted: string): number => states.filter((state) => state === wanted).length
          assertSame({ idle: countOf('idle'), working: countOf('working') }, counts)
          return ms
        },
      },
      ...(count === 1000 ? { target: { ratio: 1.6 } } : {}),
    }
  }
}

function assertSame(seen: Counts, wanted: Counts): void {
  if (seen.idle === wanted.idle && seen.working === wanted.working) return
  const text = ({ idle, working }: Counts): string => `${idle} idle and ${working} working`
  throw new Error(`Cannot measure status: it shows ${text(seen)} agents, not ${text(wanted)}`)
}
