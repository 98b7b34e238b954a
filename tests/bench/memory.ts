import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { descendantsOf } from '../harness/processes.ts'
import { atRest } from './support/at-rest.ts'
import type { Bench } from './support/bench.ts'
import { script, startWaiter } from './support/timed-process.ts'
import { tmuxStand } from './support/tmux-stand.ts'

export const memory: Bench = {
  name: 'memory',
  about: 'what `wait` holds in memory while it watches 300 agents',
  async *comparisons(stand) {
    const tmux = await tmuxStand(stand)
    const count = stand.quick ? 3 : 300
    await tmux.growTo(count)
    const measure = async (argv: readonly string[]): Promise<number> => {
      const waiter = startWaiter(argv, tmux.options)
      try {
        await atRest(waiter.pid)
        const children = await descendantsOf(waiter.pid)
        const sizes = await Promise.all([waiter.pid, ...children.map(({ pid }) => pid)].map(residentMiB))
        return sizes.reduce((sum, size) => sum + size, 0)
      } finally {
        await waiter.kill()
      }
    }
    const workspaces = join(tmux.place.project, '.orch/workspace')
    yield {
      name: `memory of \`orch wait\` on ${count} tmux agents`,
      unit: 'MiB',
      orch: {
        what: 'what it and its children hold resident once it waits',
        measure: () => measure(stand.orch.argv('wait', ...tmux.ids)),
      },
      floor: {
        what: 'a bare script that watches the same pages and keeps a connection to tmux',
        measure: () => measure(script('floors/watch-agents.mjs', workspaces, tmux.socket)),
      },
    }
  },
}

async function residentMiB(pid: number): Promise<number> {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibibytes) / 1024
}
