import type { Bench } from './support/bench.ts'
import { BARE_NODE, script, timeFirstByte, timeProcess } from './support/timed-process.ts'
import { tmuxStand } from './support/tmux-stand.ts'

export const tail: Bench = {
  name: 'tail',
  about: '`tail -n 1`, and the first byte of `tail -f`',
  async *comparisons(stand) {
    const tmux = await tmuxStand(stand)
    const count = stand.quick ? 2 : 10
    await tmux.growTo(count)
    const [id] = tmux.ids as [string]
    const log = await tmux.logOf(id)
    yield {
      name: `\`orch tail -n 1\` of one of ${count} tmux agents`,
      unit: 'ms',
      orch: { what: 'the whole process', measure: async () => (await tmux.orch('tail', id, '-n', '1')).ms },
      floor: {
        what: '`node -e 0`, and `tail -n 1` of its log',
        measure: async () => {
          const node = await timeProcess(BARE_NODE, tmux.options)
          return node.ms + (await timeProcess(['tail', '-n', '1', log], tmux.options)).ms
        },
      },
      target: { ratio: 2.4 },
    }
    yield {
      name: `\`orch tail -f\` of one of ${count} tmux agents, first byte`,
      unit: 'ms',
      orch: { what: 'from its start', measure: () => timeFirstByte(stand.orch.argv('tail', '-f', id), tmux.options) },
      floor: {
        what: 'a bare script that follows the log',
        measure: () => timeFirstByte(script('floors/follow-log.mjs', log), tmux.options),
      },
      target: { ratio: 2 },
    }
  },
}
