import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from './support/bench.ts'
import { script, timeProcess } from './support/timed-process.ts'
import { tmuxStand } from './support/tmux-stand.ts'

export const status: Bench = {
  name: 'status',
  about: '`status --json` of a project with 0 to 1000 tmux agents',
  async *comparisons(stand) {
    const tmux = await tmuxStand(stand)
    await mkdir(join(tmux.place.state, 'agents'), { recursive: true, mode: 0o700 })
    for (const count of stand.quick ? [0, 3] : [0, 10, 100, 1000]) {
      await tmux.growTo(count)
      const floor = script('floors/status-tmux.mjs', tmux.place.state, tmux.socket)
      yield {
        name: `\`orch status --json\`, ${count} tmux agents`,
        unit: 'ms',
        orch: {
          what: 'the whole process',
          measure: async () => {
            const { ms, stdout } = await tmux.orch('status', '--json')
            assertCount(JSON.parse(stdout).counts.running, count)
            return ms
          },
        },
        floor: {
          what: 'a bare script: reads the records and pages, `tmux list-panes` once',
          measure: async () => {
            const { ms, stdout } = await timeProcess(floor, tmux.options)
            assertCount((JSON.parse(stdout) as { alive: boolean }[]).filter(({ alive }) => alive).length, count)
            return ms
          },
        },
        ...(count === 1000 ? { target: { ratio: 1.6 } } : {}),
      }
    }
  },
}

function assertCount(seen: number, wanted: number): void {
  if (seen !== wanted) throw new Error(`Cannot measure status: it shows ${seen} living agents of ${wanted}`)
}
