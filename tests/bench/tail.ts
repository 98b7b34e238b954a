import type { Bench, Comparison, Stand } from './support/bench.ts'
import { openCodeStand } from './support/open-code-stand.ts'
import { BARE_NODE, script, timeFirstByte, timeProcess } from './support/timed-process.ts'
import { tmuxStand } from './support/tmux-stand.ts'
import { tailDeltas } from './tail-deltas.ts'

export const tail: Bench = {
  name: 'tail',
  about: '`tail -n 1`, the first byte of `tail -f`, and how old the text of 1 and of 50 agents is when it comes',
  async *comparisons(stand) {
    yield* ofTmux(stand)
    yield* ofOpenCode(stand)
    yield* tailDeltas(stand)
  },
}

async function* ofTmux(stand: Stand): AsyncIterable<Comparison> {
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
    orch: {
      what: 'from its start to its first byte',
      measure: () => timeFirstByte(stand.orch.argv('tail', '-f', id), tmux.options),
    },
    floor: {
      what: 'a bare script that follows the log',
      measure: () => timeFirstByte(script('floors/follow-log.mjs', log), tmux.options),
    },
    target: { ratio: 2 },
  }
}

async function* ofOpenCode(stand: Stand): AsyncIterable<Comparison> {
  const openCode = await openCodeStand(stand)
  const { options } = openCode
  const count = stand.quick ? 1 : 10
  await openCode.add('Answer [[answer: Done]]', count, 1)
  await openCode.settled('idle', count)
  const [{ id, sessionId, directory }] = openCode.sessions as [(typeof openCode.sessions)[number]]
  const server = await openCode.server()
  yield {
    name: `\`orch tail -n 1\` of one of ${count} OpenCode agents`,
    unit: 'ms',
    orch: { what: 'the whole process', measure: async () => (await openCode.orch('tail', id, '-n', '1')).ms },
    floor: {
      what: '`node -e 0`, and one HTTP GET of the newest message',
      measure: async () => {
        const node = await timeProcess(BARE_NODE, options)
        const before = performance.now()
        await server.get(`/session/${sessionId}/message?limit=1`, directory)
        return node.ms + performance.now() - before
      },
    },
    target: { ratio: 2.4 },
  }
  yield {
    name: `\`orch tail -f\` of one of ${count} OpenCode agents, first byte`,
    unit: 'ms',
    orch: {
      what: 'from its start to its first byte',
      measure: () => timeFirstByte(stand.orch.argv('tail', '-f', id), options),
    },
    floor: {
      what: 'a bare script that subscribes to the events of the server, then gets the newest 20 messages',
      measure: () =>
        timeFirstByte(
          script('floors/follow-events.mjs', server.url, server.authorization, directory, sessionId),
          options,
        ),
    },
    target: { ratio: 2 },
  }
}
