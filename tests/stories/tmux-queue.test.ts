import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import type { SpawnDocument, SpawnEachDocument, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { receivedBy, tmuxPlace } from './support/place.ts'
import { interactiveAgent, programFile } from './support/program.ts'
import { countedRun } from './support/started-processes.ts'

const scope = perTest()

describe('a queue of agents in tmux', () => {
  it('of 20 processes never has more than 3 at work, and starts each exactly once, whoever drives it and is killed over it', async () => {
    const place = await scope.use(tmuxPlace())
    const tasks = Array.from({ length: 20 }, (_, index) => `Task ${index} of 20`)
    const runs = await Promise.all(
      tasks.map((task) => place.orch('--json', 'spawn', task, '--max-parallel', '3', ...interactiveAgent)),
    )
    for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: '' })
    const ids = runs.map(({ json }) => (json as SpawnDocument).agent.id)
    expect(new Set(ids).size).toBe(20)
    const windows = async (): Promise<string[]> => (await place.tmux.windows()).filter((name) => ids.includes(name))
    expect(await windows()).toHaveLength(3)
    const done = new Set<string>()
    while (done.size < 20) {
      const driver = await place.start('wait', '--until', 'done', ...ids)
      for (let round = 0; round < 10; round += 1) {
        const most = Math.min(20, done.size + 3)
        const started = await eventually(async () => (await windows()).length === most && (await windows()), {
          timeoutMs: 40_000,
          what: `${most} agents that were started`,
        })
        const next = started.find((id) => !done.has(id)) as string
        expect(await place.orch('phase', 'Complete', '--id', next)).toMatchObject({ code: 0 })
        done.add(next)
      }
      driver.kill('SIGKILL')
      expect((await windows()).length).toBeLessThanOrEqual(done.size + 3)
    }
    expect((await windows()).sort()).toEqual(ids.toSorted())
    // Who was killed before it gave a task leaves that to a look, once it cannot arrive any more.
    const isGiven = async (): Promise<boolean> => {
      await place.json('status')
      return (await Promise.all(ids.map((id) => receivedBy(place, id)))).every(({ length }) => length > 0)
    }
    await eventually(isGiven, { timeoutMs: 40_000, intervalMs: 500, what: 'the task of each' })
    for (const [index, id] of ids.entries())
      expect(await receivedBy(place, id)).toEqual([expect.stringContaining(`${tasks[index]}\n`)])
    expect(await place.json('status')).toMatchObject({ complete: true, orphans: [], counts: { done: 20, queued: 0 } })
  })

  it('starts with the PATH that its agents were queued with, whoever looks from a poorer one', async () => {
    const place = await scope.use(tmuxPlace())
    const programs = join(place.project, '..', 'programs')
    await mkdir(programs)
    await symlink(process.execPath, join(programs, 'my-agent'))
    const first = await place.spawn('First', ...interactiveAgent)
    const rich = { env: { PATH: `${programs}:${place.env.PATH}` } }
    const queued = ['spawn', 'Second', '--after', first, '--program', '--', 'my-agent', programFile('agent.mjs')]
    const second = (await place.orchWith(rich, ...queued)).stdout.trim()
    expect(await place.agent(second)).toMatchObject({ state: 'queued', reason: { code: 'DEPENDENCY_OPEN' } })
    expect(await place.orch('phase', 'Complete', '--id', first)).toMatchObject({ code: 0 })
    expect(await place.agent(second)).toMatchObject({ state: 'running' })
    const paths = (await place.processesOf(second)).map(({ environment }) => environment.PATH?.split(':')[0])
    expect(paths).toContain(programs)
  })

  it('are started by a process of its own where a worktree is set up first: no look waits for that', async () => {
    const place = await scope.use(tmuxPlace())
    const gate = join(place.project, '..', 'gate')
    await promisify(execFile)('mkfifo', [gate])
    const worktree = { setup: ['/bin/sh', '-c', `read -r line <'${gate}'`] }
    await place.write('.orch/config.json', JSON.stringify({ worktree }))
    const first = await place.spawn('First', ...interactiveAgent)
    const spawned = await place.json<SpawnDocument>(
      ...['spawn', 'Second', '--worktree', '--after', first, ...interactiveAgent],
    )
    const { id: second } = spawned.agent
    expect(await place.orch('phase', 'Complete', '--id', first)).toMatchObject({ code: 0 })
    expect(await place.agent(second)).toMatchObject({ state: 'queued', reason: { code: 'HANDED_OVER' } })
    const state = async (): Promise<string> => (await place.agent(second)).state
    await eventually(async () => (await state()) === 'starting', { what: 'the other process' })
    expect(await place.orch('check', second)).toMatchObject({ code: 0 })
    await writeFile(gate, 'open\n')
    await eventually(async () => (await receivedBy(place, second)).length === 1, { what: 'its task' })
    expect(await state()).toBe('running')
  })

  it('costs status as many processes however long it is', async () => {
    const place = await scope.use(tmuxPlace())
    const counted = async (count: number): Promise<unknown> => {
      const words = ['spawn', 'Wait', '-n', `${count}`, '--max-parallel', '1', ...interactiveAgent]
      expect((await place.json<SpawnEachDocument>(...words)).results).toHaveLength(count)
      const run = await countedRun(place, 'status', '--json')
      const { counts, complete } = run.json as StatusDocument
      return {
        complete,
        atWork: counts.running,
        queued: counts.queued,
        tmux: run.tmuxRuns,
        processes: run.processes.length,
      }
    }
    const few = await counted(3)
    expect(few).toMatchObject({ complete: true, atWork: 1, queued: 2, tmux: [expect.any(String)], processes: 1 })
    expect(await counted(100)).toEqual({ ...(few as object), queued: 102 })
  })
})
