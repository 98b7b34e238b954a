import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StatusDocument } from '@orch/core'
import type { Bench, Comparison, Stand } from './support/bench.ts'
import { type OpenCodeStand, openCodeStand } from './support/open-code-stand.ts'
import { script, timeProcess } from './support/timed-process.ts'
import { type TmuxStand, tmuxStand } from './support/tmux-stand.ts'

export const status: Bench = {
  name: 'status',
  about: '`status --json` of 0 to 1000 tmux agents, and of 10 to 500 OpenCode agents in 1 and 30 directories',
  async *comparisons(stand) {
    yield* ofTmux(stand)
    yield* ofOneDirectory(stand)
    yield* ofManyDirectories(stand)
    yield* ofManySessions(stand)
  },
}

async function* ofTmux(stand: Stand): AsyncIterable<Comparison> {
  const tmux = await tmuxStand(stand)
  await mkdir(join(tmux.place.state, 'agents'), { recursive: true, mode: 0o700 })
  for (const count of stand.quick ? [0, 3] : [0, 10, 100, 1000]) {
    await tmux.growTo(count)
    yield {
      name: `\`orch status --json\`, ${count} tmux agents`,
      unit: 'ms',
      orch: whole(tmux, { running: count }),
      floor: {
        what: 'a bare script: reads the records and pages, `tmux list-panes` once',
        measure: async () => {
          const { ms, stdout } = await timeProcess(
            script('floors/status-tmux.mjs', tmux.place.state, tmux.socket),
            tmux.options,
          )
          assertSame((JSON.parse(stdout) as { alive: boolean }[]).filter(({ alive }) => alive).length, count)
          return ms
        },
      },
      ...(count === 1000 ? { target: { ratio: 1.6 } } : {}),
    }
  }
  await tmux.end()
}

async function* ofOneDirectory(stand: Stand): AsyncIterable<Comparison> {
  const openCode = await openCodeStand(stand)
  for (const count of stand.quick ? [2] : [10, 100]) {
    await openCode.add('Answer [[answer: Done]]', count - openCode.sessions.length, 1)
    await openCode.settled('idle', count)
    yield ofOpenCode(openCode, 'in 1 directory', { idle: count, working: 0 })
  }
  await openCode.end()
}

async function* ofManyDirectories(stand: Stand): AsyncIterable<Comparison> {
  const openCode = await openCodeStand(stand)
  const [directories, more] = stand.quick ? [2, 1] : [30, 70]
  const where = `in ${directories} directories`
  await openCode.add('Answer [[answer: Done]]', directories, directories)
  await openCode.settled('idle', directories)
  yield ofOpenCode(openCode, where, { idle: directories, working: 0 })
  await openCode.add('Answer [[answer: Done]]', more, directories)
  await openCode.settled('idle', directories + more)
  yield ofOpenCode(openCode, where, { idle: directories + more, working: 0 })
  await openCode.prompt('[[hold: until the end]]', openCode.sessions.slice(0, directories))
  await openCode.settled('working', directories)
  yield ofOpenCode(openCode, where, { idle: more, working: directories })
  await openCode.end()
}

async function* ofManySessions(stand: Stand): AsyncIterable<Comparison> {
  const [count, atWork] = stand.quick ? [6, 2] : [500, 5]
  for (const directories of stand.quick ? [2] : [1, 30]) {
    const openCode = await openCodeStand(stand)
    await openCode.add('Answer [[answer: Done]]', 1, directories)
    await openCode.settled('idle', 1)
    await openCode.addQuiet(count - 1, directories)
    await openCode.settled('idle', count)
    await openCode.prompt('[[hold: until the end]]', openCode.sessions.slice(0, atWork))
    await openCode.settled('working', atWork)
    const where = `in ${directories} ${directories === 1 ? 'directory' : 'directories'}`
    yield { ...ofOpenCode(openCode, where, { idle: count - atWork, working: atWork }), target: { ratio: 1.5 } }
    await openCode.end()
  }
}

type Counts = Partial<StatusDocument['counts']>

function ofOpenCode(
  openCode: OpenCodeStand,
  where: string,
  counts: { readonly idle: number; readonly working: number },
): Comparison {
  const { place, options, sessions } = openCode
  const work = counts.working === 0 ? '' : `, ${counts.working} of them at work`
  return {
    name: `\`orch status --json\`, ${sessions.length} OpenCode agents ${where}${work}`,
    unit: 'ms',
    orch: whole(openCode, counts),
    floor: {
      what: 'a bare script: reads the records and pages, lists the sessions once, asks three things of each directory where one is at work',
      measure: async () => {
        const { ms, stdout } = await timeProcess(script('floors/status-open-code.mjs', place.state), options)
        const states = (JSON.parse(stdout) as { state: string }[]).map(({ state }) => state)
        assertSame(states.filter((state) => state === 'idle').length, counts.idle)
        assertSame(states.filter((state) => state === 'working').length, counts.working)
        return ms
      },
    },
  }
}

/** The whole process, whose answer is looked at each time. */
function whole(place: Pick<TmuxStand, 'orch'>, wanted: Counts): Comparison['orch'] {
  return {
    what: 'the whole process',
    measure: async () => {
      const { ms, stdout } = await place.orch('status', '--json')
      const { counts } = JSON.parse(stdout) as StatusDocument
      for (const [state, count] of Object.entries(wanted)) assertSame(counts[state as keyof Counts] as number, count)
      return ms
    },
  }
}

function assertSame(seen: number, wanted: number): void {
  if (seen !== wanted) throw new Error(`Cannot measure status: it shows ${seen} such agents of ${wanted}`)
}
