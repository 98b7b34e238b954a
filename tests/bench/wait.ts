import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atRest } from './support/at-rest.ts'
import type { Bench, Comparison, Stand } from './support/bench.ts'
import { openCodeStand } from './support/open-code-stand.ts'
import { script, startWaiter } from './support/timed-process.ts'
import { tmuxStand } from './support/tmux-stand.ts'
import { watchTurn } from './support/watch-turn.ts'

export const wait: Bench = {
  name: 'wait',
  about: '`wait`, from the event it waits for to its end',
  async *comparisons(stand) {
    yield await forPage(stand)
    yield await forTurn(stand)
  },
}

async function forPage(stand: Stand): Promise<Comparison> {
  const tmux = await tmuxStand(stand)
  const count = stand.quick ? 2 : 10
  await tmux.growTo(count)
  const [id] = tmux.ids as [string]
  const workspace = join(tmux.place.project, '.orch/workspace', id)
  const page = join(workspace, 'WORKSPACE.md')
  const before = await readFile(page, 'utf8')
  const measure = async (argv: readonly string[]): Promise<number> => {
    const waiter = startWaiter(argv, tmux.options)
    await atRest(waiter.pid)
    await appendFile(page, 'Phase: Complete\n')
    const at = performance.now()
    const ms = (await waiter.ended()) - at
    await writeFile(page, before)
    return ms
  }
  return {
    name: '`orch wait` of a tmux agent, after its page says Complete',
    unit: 'ms',
    orch: { what: 'from the write to the end of the process', measure: () => measure(stand.orch.argv('wait', id)) },
    floor: {
      what: 'a bare script that watches the page',
      measure: () => measure(script('floors/wait-page.mjs', workspace)),
    },
  }
}

async function forTurn(stand: Stand): Promise<Comparison> {
  const openCode = await openCodeStand(stand)
  await openCode.add('Answer [[answer: Done]]', 1, 1)
  await openCode.settled('idle', 1)
  const [session] = openCode.sessions as [(typeof openCode.sessions)[number]]
  await openCode.turnEnd(session)
  const server = await openCode.server()
  let turns = 0
  const measure = async (argv: readonly string[]): Promise<number> => {
    const gate = `turn ${++turns}`
    await openCode.prompt(`[[hold: ${gate}]] [[answer: Done]]`, [session])
    await openCode.settled('working', 1)
    const waiter = startWaiter(argv, openCode.options)
    await atRest(waiter.pid)
    const turn = await watchTurn(server, session.sessionId, openCode.place.env.HOME as string)
    openCode.model.release(gate)
    const [end, ended] = await Promise.all([turn.ended(), waiter.ended()])
    turn.close()
    await openCode.turnEnd(session)
    return ended - end
  }
  return {
    name: '`orch wait --until idle` of an OpenCode agent, after its turn',
    unit: 'ms',
    orch: {
      what: 'from the later of idle and the final message, by the time in the events of the server, to the end of the process',
      measure: () => measure(stand.orch.argv('wait', session.id, '--until', 'idle')),
    },
    floor: {
      what: 'a bare script that reads the events of the server',
      measure: () => measure(script('floors/wait-turn.mjs', server.url, server.authorization, session.sessionId)),
    },
    target: { most: 100 },
  }
}
