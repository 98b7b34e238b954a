import type { Bench, Comparison, Stand } from './support/bench.ts'
import { openCodeStand } from './support/open-code-stand.ts'
import { BARE_NODE, timeProcess } from './support/timed-process.ts'
import { tmuxStand } from './support/tmux-stand.ts'

const TEXT = 'Use OAuth'

export const send: Bench = {
  name: 'send',
  about: '`send`, from its start to its receipt',
  async *comparisons(stand) {
    yield await toTmux(stand)
    yield await toOpenCode(stand)
  },
}

async function toTmux(stand: Stand): Promise<Comparison> {
  const tmux = await tmuxStand(stand)
  const count = stand.quick ? 2 : 10
  await tmux.growTo(count)
  const [id] = tmux.ids as [string]
  const pane = await tmux.place.tmux.tmux('list-panes', '-t', `=orch:=${id}`, '-F', '#{pane_id}')
  const load = [
    'load-buffer',
    '-b',
    'bench',
    '-',
    ';',
    'paste-buffer',
    '-p',
    '-r',
    '-d',
    '-b',
    'bench',
    '-t',
    pane,
    ';',
  ]
  const paste = ['tmux', '-S', tmux.socket, ...load, 'send-keys', '-t', pane, 'Enter']
  return {
    name: `\`orch send\` to one of ${count} tmux agents`,
    unit: 'ms',
    orch: { what: 'the whole process, to its receipt', measure: async () => (await tmux.orch('send', id, TEXT)).ms },
    floor: {
      what: '`node -e 0`, and one `tmux` that pastes the text',
      measure: async () => {
        const node = await timeProcess(BARE_NODE, tmux.options)
        return node.ms + (await timeProcess(paste, { ...tmux.options, input: TEXT })).ms
      },
    },
    target: { ratio: 2.4 },
  }
}

async function toOpenCode(stand: Stand): Promise<Comparison> {
  const openCode = await openCodeStand(stand)
  const count = stand.quick ? 1 : 10
  await openCode.add('Answer [[answer: Done]]', count, 1)
  await openCode.settled('idle', count)
  const [session] = openCode.sessions as [(typeof openCode.sessions)[number]]
  await openCode.turnEnd(session)
  const server = await openCode.server()
  const path = `/session/${session.sessionId}/prompt_async`
  return {
    name: `\`orch send\` to one of ${count} OpenCode agents`,
    unit: 'ms',
    orch: {
      what: 'the whole process, to its receipt, which says that the session holds the message',
      measure: async () => {
        const { ms } = await openCode.orch('send', session.id, TEXT)
        await openCode.turnEnd(session)
        return ms
      },
    },
    floor: {
      what: '`node -e 0`, and one HTTP POST',
      measure: async () => {
        const node = await timeProcess(BARE_NODE, openCode.options)
        const before = performance.now()
        await server.post(path, session.directory, { parts: [{ type: 'text', text: TEXT }] })
        const ms = performance.now() - before
        await openCode.turnEnd(session)
        return node.ms + ms
      },
    },
    target: { ratio: 2.4 },
  }
}
