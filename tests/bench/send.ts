import type { Bench } from './support/bench.ts'
import { BARE_NODE, timeProcess } from './support/timed-process.ts'
import { tmuxStand } from './support/tmux-stand.ts'

export const send: Bench = {
  name: 'send',
  about: '`send`, from its start to its receipt',
  async *comparisons(stand) {
    const tmux = await tmuxStand(stand)
    const count = stand.quick ? 2 : 10
    await tmux.growTo(count)
    const [id] = tmux.ids as [string]
    const pane = await tmux.place.tmux.tmux('list-panes', '-t', `=orch:=${id}`, '-F', '#{pane_id}')
    const commands = [
      ['load-buffer', '-b', 'bench', '-'],
      ['paste-buffer', '-p', '-r', '-d', '-b', 'bench', '-t', pane],
    ]
    const paste = [
      'tmux',
      '-S',
      tmux.socket,
      ...commands.flatMap((one) => [...one, ';']),
      'send-keys',
      '-t',
      pane,
      'Enter',
    ]
    yield {
      name: `\`orch send\` to one of ${count} tmux agents`,
      unit: 'ms',
      orch: {
        what: 'the whole process, to its receipt',
        measure: async () => (await tmux.orch('send', id, 'Use OAuth')).ms,
      },
      floor: {
        what: '`node -e 0`, and one `tmux` that pastes the text',
        measure: async () => {
          const node = await timeProcess(BARE_NODE, tmux.options)
          return node.ms + (await timeProcess(paste, { ...tmux.options, input: 'Use OAuth' })).ms
        },
      },
      target: { ratio: 2.4 },
    }
  },
}
