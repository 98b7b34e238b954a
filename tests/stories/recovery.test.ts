import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { AbandonDocument, Agent, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { managedServer } from './support/managed-server.ts'
import { openCodePlace, type Place, receivedBy, tmuxPlace } from './support/place.ts'
import { interactiveAgent, programFile } from './support/program.ts'

const scope = perTest()
const preload = programFile('crash-after.cjs')

describe('a spawn that is killed with SIGKILL', () => {
  it('after any of its effects leaves on tmux an agent that runs and has its task once, or a failed one', async () => {
    const place = await scope.use(tmuxPlace())
    const spawns = await crashEverywhere(place, interactiveAgent)
    const agents = await settledAgents(place)
    expect(agents.map(({ state }) => state).filter((state) => state !== 'failed' && state !== 'running')).toEqual([])
    expect(new Set(agents.map(({ state }) => state))).toEqual(new Set(['failed', 'running']))
    expectOncePerSpawn(agents, spawns)
    const running = agents.filter(({ state }) => state === 'running').map(({ id }) => id)
    expect((await place.tmux.windows()).filter((name) => name !== 'orch').sort()).toEqual(running.sort())
    for (const id of running) {
      await eventually(async () => (await receivedBy(place, id)).length > 0)
      expect(await receivedBy(place, id)).toEqual([expect.stringContaining(`You are the agent "${id}"`)])
    }
    await expectNoWorkspaceWithoutAgent(place, agents)
    await abandonAll(place, agents)
    expect((await place.tmux.windows()).filter((name) => name !== 'orch')).toEqual([])
    for (const { id } of agents) expect(await place.processesOf(id)).toEqual([])
  })

  it('after any of its effects leaves on OpenCode an agent that got its task once, or a failed one', async () => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    expect(await place.json('server', 'start')).toMatchObject({ code: 0, server: { ok: true } })
    const spawns = await crashEverywhere(place, [])
    const agents = await settledAgents(place)
    expect(await place.json('wait', '--until', 'idle,failed', ...agents.map(({ id }) => id))).toMatchObject({ code: 0 })
    const after = await settledAgents(place)
    expect(new Set(after.map(({ state }) => state))).toEqual(new Set(['failed', 'idle']))
    expectOncePerSpawn(after, spawns)
    const server = await managedServer(place)
    const sessions = (await server.sessions()).flatMap(({ metadata }) => metadata?.orch?.id ?? [])
    const idle = after.filter(({ state }) => state === 'idle').map(({ id }) => id)
    expect(sessions.sort()).toEqual(idle.sort())
    const turns = model.requests.filter(({ kind }) => kind === 'turn').map(({ userTexts }) => userTexts)
    expect(turns.map((texts) => texts.length)).toEqual(idle.map(() => 1))
    for (const id of idle) {
      expect(turns.filter(([text]) => text?.includes(`You are the agent "${id}"`))).toHaveLength(1)
    }
    await expectNoWorkspaceWithoutAgent(place, after)
    await abandonAll(place, after)
    expect((await server.sessions()).filter(({ time }) => time.archived === undefined)).toEqual([])
  })
})

describe('a spawn with a --key that is killed with SIGKILL', () => {
  it.each([5, 20, 30])('after %i effects stays one agent when it is run again, by several at once', async (effects) => {
    const place = await scope.use(tmuxPlace())
    const args = ['spawn', 'Task', '--key', 'one', ...interactiveAgent]
    const env = { ORCH_TEST_CRASH_AFTER: String(effects) }
    expect(await place.orchWith({ preload, env }, ...args)).toMatchObject({ signal: 'SIGKILL' })
    const again = await Promise.all([place.orch(...args), place.orch(...args), place.orch(...args)])
    const [id = ''] = again.map(({ stdout }) => stdout.trim())
    for (const run of again) expect(run).toMatchObject({ code: 0, stdout: `${id}\n` })
    const [agent, ...others] = await settledAgents(place)
    expect([agent?.id, others]).toEqual([id, []])
    const runs = agent?.state === 'running'
    if (!runs) expect(agent).toMatchObject({ state: 'failed', reason: { code: 'SPAWN_DIED' } })
    await eventually(async () => !runs || (await receivedBy(place, id)).length > 0)
    expect((await place.tmux.windows()).filter((name) => name !== 'orch')).toEqual(runs ? [id] : [])
    expect(await receivedBy(place, id)).toHaveLength(runs ? 1 : 0)
  })
})

describe('a spawn that is killed while it starts the OpenCode server', () => {
  it.each([
    ['before the server is there', 'start-1.json'],
    ['while the server comes up', 'server.log'],
  ])('%s leaves none; the next spawn starts one, and both agents come to their end', async (_, file) => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    const spawning = await place.start('spawn', 'First [[answer: done]]', '--name', 'first')
    await eventually(() => readFile(join(place.state, 'opencode', file)).then(() => true), {
      intervalMs: 1,
      what: `the file "${file}"`,
    })
    spawning.kill('SIGKILL')
    expect(await spawning.result()).toMatchObject({ signal: 'SIGKILL', stdout: '' })
    const second = await place.spawn('Second [[answer: done]]')
    const { pid } = (await managedServer(place)).process
    // A child that the server has just forked still has its arguments; another server would stay.
    const serving = async (): Promise<number[]> =>
      (await place.processes()).filter(({ argv }) => argv.includes('serve')).map((one) => one.pid)
    await eventually(async () => JSON.stringify(await serving()) === JSON.stringify([pid]), { what: 'one server' })
    expect(await place.json('wait', second, '--until', 'idle')).toMatchObject({ code: 0 })
    const [first, ...others] = (await settledAgents(place)).filter(({ id }) => id !== second)
    expect([first?.state, others]).toEqual(['failed', []])
    expect(await place.json('abandon', first?.id as string)).toMatchObject({ code: 0 })
  })
})

/**
 * Spawns agents, each killed one effect later than the one before, until one comes to its end; resolves to how many.
 * Effects of several spawns differ by a few, so the last ones may all have come to their end.
 */
async function crashEverywhere(place: Place, program: readonly string[]): Promise<number> {
  let spawns = 0
  let survived = 0
  const crashNext = async (): Promise<void> => {
    spawns += 1
    const name = `crash-${spawns}-end`
    const env = { ORCH_TEST_CRASH_AFTER: String(spawns) }
    const run = await place.orchWith({ preload, env }, 'spawn', 'Task', '--name', name, '--key', name, ...program)
    if (run.signal === null) survived += 1
    expect(run).toMatchObject(run.signal === null ? { code: 0 } : { signal: 'SIGKILL', stdout: '', stderr: '' })
  }
  const worker = async (): Promise<void> => {
    while (survived === 0) await crashNext()
  }
  await Promise.all([worker(), worker(), worker()])
  // How many were under way when the first came to its end is a matter of timing; how many were killed is not.
  expect(spawns - survived).toBeGreaterThan(20)
  expect(survived).toBeLessThanOrEqual(5)
  return spawns
}

/** The agents once recovery has come to an end with each of them; a delivery may be in flight for 10 s. */
async function settledAgents(place: Place): Promise<Agent[]> {
  return eventually(
    async () => {
      const { agents, complete, orphans } = await place.json<StatusDocument>('status')
      expect({ complete, orphans }).toEqual({ complete: true, orphans: [] })
      const open = agents.filter(({ state, lifecycle }) => state === 'starting' || lifecycle === 'spawning')
      expect(open.map(({ id, state, lifecycle }) => ({ id, state, lifecycle }))).toEqual([])
      return [...agents]
    },
    { timeoutMs: 30_000, what: 'the end of every spawn' },
  )
}

/** Each spawn left one agent or, when it was killed before the record, none: those are the first ones. */
function expectOncePerSpawn(agents: Agent[], spawns: number): void {
  const numbers = agents.map(({ id }) => Number(/^crash-(\d+)-end-/.exec(id)?.[1])).sort((a, b) => a - b)
  const first = numbers[0] as number
  expect(numbers).toEqual(Array.from({ length: spawns - first + 1 }, (_, index) => first + index))
}

async function expectNoWorkspaceWithoutAgent(place: Place, agents: Agent[]): Promise<void> {
  const folders = await readdir(join(place.project, '.orch', 'workspace'))
  const known = agents.map(({ id }) => id)
  expect(folders.filter((folder) => !known.includes(folder))).toEqual([])
}

async function abandonAll(place: Place, agents: Agent[]): Promise<void> {
  const { code, results } = await place.json<AbandonDocument>('abandon', ...agents.map(({ id }) => id))
  expect([code, results.filter(({ ok, stop }) => !ok || !stop?.proven)]).toEqual([0, []])
  expect(await place.json('status')).toMatchObject({ agents: [], orphans: [], complete: true })
}
