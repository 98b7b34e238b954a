import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createAgentId } from '@orch/core'
import type { Bench, Comparison, Stand } from './support/bench.ts'
import { openCodeStand } from './support/open-code-stand.ts'
import { script, timeProcess } from './support/timed-process.ts'
import { PROGRAM, tmuxStand } from './support/tmux-stand.ts'

const TASK = 'Answer [[answer: Done]]'

export const spawn: Bench = {
  name: 'spawn',
  about: '`spawn`, until the agent has its task',
  async *comparisons(stand) {
    yield await inTmux(stand)
    yield await inOpenCode(stand)
  },
}

async function inTmux(stand: Stand): Promise<Comparison> {
  const tmux = await tmuxStand(stand)
  const count = stand.quick ? 2 : 10
  await tmux.growTo(count)
  const { place, socket, options } = tmux
  const program = [PROGRAM.command, ...PROGRAM.args]
  return {
    name: `\`orch spawn\` beside ${count} tmux agents`,
    unit: 'ms',
    orch: {
      what: 'the whole process, until it says the id',
      measure: async () => {
        const { ms, stdout } = await tmux.orch('spawn', TASK, '--program', 'quiet')
        await tmux.forget(stdout.trim())
        return ms
      },
    },
    floor: {
      what: 'a bare script: writes workspace and record, makes the window with one `tmux`',
      measure: async () => {
        const id = createAgentId('bare')
        const argv = script('floors/spawn-tmux.mjs', id, TASK, place.project, place.state, socket, ...program)
        const { ms } = await timeProcess(argv, options)
        await tmux.forget(id)
        return ms
      },
    },
  }
}

async function inOpenCode(stand: Stand): Promise<Comparison> {
  const openCode = await openCodeStand(stand)
  const count = stand.quick ? 1 : 10
  await openCode.add(TASK, count, 1)
  await openCode.settled('idle', count)
  const { place, options } = openCode
  const forget = async (id: string, sessionId: string): Promise<void> => {
    await openCode.turnEnd({ id, sessionId, directory: place.project })
    await rm(join(place.state, 'agents', `${id}.jsonl`))
  }
  return {
    name: `\`orch spawn\` beside ${count} OpenCode agents`,
    unit: 'ms',
    orch: {
      what: 'the whole process, until it says the id; the session then holds the task',
      measure: async () => {
        const { ms, stdout } = await openCode.orch('spawn', TASK)
        const id = stdout.trim()
        await forget(id, await openCode.sessionOf(id))
        return ms
      },
    },
    floor: {
      what: 'a bare script: writes workspace and record, POSTs session and prompt',
      measure: async () => {
        const id = createAgentId('bare')
        const { ms, stdout } = await timeProcess(
          script('floors/spawn-open-code.mjs', id, TASK, place.project, place.state),
          options,
        )
        await forget(id, stdout)
        return ms
      },
    },
  }
}
