import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { tmux } from '@orch/backend-tmux'
import { type AgentRef, NOT_SHOWN, type Observation } from '@orch/core'
import { processStat } from '../src/client/processes.ts'
import { countingTmux } from './support/counting-tmux.ts'
import { eventually, systemProgram, World } from './support/world.ts'

const cat = systemProgram('cat', [])

/** Makes so many agents, twenty at a time. */
async function createMany(world: World, count: number): Promise<AgentRef[]> {
  const agents: AgentRef[] = []
  while (agents.length < count) {
    const batch = Math.min(20, count - agents.length)
    agents.push(...(await Promise.all(Array.from({ length: batch }, () => world.create(cat)))))
  }
  return agents
}

const unknown = (code: string): object => ({ known: false, reason: { code, text: expect.any(String) } })

/** How another client, with other options or files, sees the agent. */
async function seenBy(world: World, command: string, agent: AgentRef): Promise<Observation> {
  const { observations } = await tmux({ command })(world.host).observe([agent], world.signal)
  return observations[0] as Observation
}

describe('observe()', () => {
  it('starts one tmux process for ten agents and for three hundred', async () => {
    await using world = new World()
    const { backend, calls } = countingTmux(world)
    const agents = await createMany(world, 10)
    await backend.observe(agents, world.signal)
    expect(calls()).toBe(1)
    agents.push(...(await createMany(world, 290)))
    const { observations, found, complete } = await backend.observe(agents, world.signal)
    expect(calls()).toBe(1)
    expect(complete).toBe(true)
    expect(found).toHaveLength(300)
    expect(observations.filter(({ process }) => process.known && process.value.alive)).toHaveLength(300)
  })

  it('right before a send starts none, where the files show that the program runs', async () => {
    await using world = new World()
    const { backend, calls } = countingTmux(world)
    const [agent, other] = [await world.create(cat), await world.create(cat)]
    const look = async (one: AgentRef): Promise<[Observation | undefined, number]> => {
      const query = { explain: false, usage: false, beforeSend: true }
      return [(await backend.observe([one], world.signal, query)).observations[0], calls()]
    }
    const { turn, requests } = await world.observe(agent)
    const present = { existence: { value: 'present' }, process: { value: { alive: true, exit: null } }, turn, requests }
    expect(await look(agent)).toMatchObject([present, 0])
    expect(await look({ ...agent, handle: null })).toMatchObject([present, 1])
    const { panePid } = agent.handle as { panePid: number }
    const mistaken = { ...(agent.handle as object), panePid: (other.handle as { panePid: number }).panePid }
    expect(await look({ ...agent, handle: mistaken })).toMatchObject([present, 1])
    process.kill(panePid, 'SIGKILL')
    await eventually('its end', async () => (await look(agent))[1] === 1 || undefined)
    const server = world.serverPid
    world.freeze()
    await eventually('a server that is stopped', () => processStat(server)?.state === 'T' || undefined)
    expect(await look(other)).toMatchObject([{ existence: unknown('TIMEOUT') }, 1])
    await world.killServer()
    const lost = async (): Promise<boolean> => {
      const [seen] = await look(other)
      return seen?.existence.known === true && seen.existence.value === 'lost'
    }
    await eventually('the loss', async () => (await lost()) || undefined)
  })

  it('says what a bare program does not show', async () => {
    await using world = new World()
    const seen = await world.observe(await world.create(cat))
    expect(seen).toMatchObject({
      existence: { value: 'present' },
      process: { value: { alive: true, exit: null } },
      turn: unknown(NOT_SHOWN),
      requests: unknown(NOT_SHOWN),
      usage: unknown(NOT_SHOWN),
      lastActivityAt: { value: expect.stringMatching(/^\d{4}-.*Z$/) },
    })
  })

  it('tells a window that somebody closed from a server that is over', async () => {
    await using world = new World()
    const [closed, other] = [await world.create(cat), await world.create(cat)]
    world.tmux('kill-pane', '-t', (closed.handle as { pane: string }).pane)
    const seen = await eventually('the end of its process', async () => {
      const now = await world.observe(closed)
      return now.process.known && !now.process.value.alive ? now : undefined
    })
    expect([seen.existence, seen.process]).toMatchObject([{ value: 'gone' }, { value: { exit: null } }])
    await world.killServer()
    expect((await world.observe(closed)).existence).toMatchObject({ value: 'lost' })
    expect((await world.observe(other)).existence).toMatchObject({ value: 'lost' })
  })

  it('does not take an agent of the next server for one of the last', async () => {
    await using world = new World()
    const agent = await world.create(cat)
    await world.killServer()
    const heir = await world.create(cat, { id: agent.id })
    expect((await world.observe(agent)).existence).toMatchObject({ value: 'lost' })
    expect((await world.observe(heir)).existence).toMatchObject({ value: 'present' })
    expect((await world.observe({ ...agent, handle: null })).existence).toMatchObject({ value: 'present' })
  })

  it('knows nothing when tmux is missing, fails, is not permitted, or does not answer', async () => {
    await using world = new World()
    const agent = await world.create(cat)
    const failing = join(world.folder, 'failing')
    writeFileSync(failing, '#!/bin/sh\necho "no space left" >&2\nexit 1\n', { mode: 0o755 })
    const garbage = join(world.folder, 'garbage')
    writeFileSync(garbage, '#!/bin/sh\nprintf "3.3a\\t1\\t2\\nhello\\n"\n', { mode: 0o755 })
    const denied = join(world.folder, 'denied')
    writeFileSync(denied, `#!/bin/sh\necho "error connecting to ${world.socket} (Permission denied)" >&2\nexit 1\n`, {
      mode: 0o755,
    })
    expect((await seenBy(world, 'no-such-tmux', agent)).existence).toEqual(unknown('PROGRAM_MISSING'))
    expect((await seenBy(world, failing, agent)).existence).toEqual(unknown('TMUX_FAILED'))
    expect((await seenBy(world, garbage, agent)).existence).toEqual(unknown('BAD_ANSWER'))
    expect((await seenBy(world, denied, agent)).existence).toEqual(unknown('TMUX_FAILED'))
    world.freeze()
    const mute = await world.observe(agent)
    world.thaw()
    expect([mute.existence, mute.process]).toEqual([unknown('TIMEOUT'), unknown('TIMEOUT')])
  })

  it('looks again where the server died while it was asked', async () => {
    await using world = new World()
    const agent = await world.create(cat)
    const dying = join(world.folder, 'dying')
    const once = `mkdir "${dying}.asked" 2>/dev/null && { echo "server exited unexpectedly" >&2; exit 1; }`
    writeFileSync(dying, `#!/bin/sh\n${once}\nexec /usr/bin/tmux "$@"\n`, { mode: 0o755 })
    await world.killServer()
    expect((await seenBy(world, dying, agent)).existence).toMatchObject({ value: 'lost' })
    const dead = join(world.folder, 'dead')
    writeFileSync(dead, '#!/bin/sh\necho "server exited unexpectedly" >&2\nexit 1\n', { mode: 0o755 })
    expect((await seenBy(world, dead, agent)).existence).toEqual(unknown('TMUX_FAILED'))
  })

  it('starts no process where no server of orch ever was', async () => {
    await using world = new World()
    const { backend, calls } = countingTmux(world)
    const server = { ok: false, error: { code: 'NO_SERVER' } }
    expect(await backend.observe([], world.signal)).toMatchObject({ found: [], complete: true, server })
    expect(calls()).toBe(0)
    await world.create(cat)
    expect(await backend.observe([], world.signal)).toMatchObject({ complete: true, server: { ok: true } })
    expect(calls()).toBe(1)
  })

  it('knows nothing when only the socket is gone, and names what brings it back', async () => {
    await using world = new World()
    const agent = await world.create(cat)
    const pid = world.serverPid
    rmSync(world.socket)
    const { existence } = await world.observe(agent)
    expect(existence).toEqual({
      known: false,
      reason: { code: 'SOCKET_LOST', text: expect.stringContaining(`kill -USR1 ${pid}`) },
    })
    process.kill(pid, 'SIGUSR1')
    await eventually('the agent again', async () => {
      const seen = await world.observe(agent)
      return (seen.existence.known && seen.existence.value === 'present') || undefined
    })
  })

  it('sees an exit through the death of the server, and tells it from agents that did not exit', async () => {
    await using world = new World()
    const ended = await world.create(systemProgram('sh', ['-c', 'exit 4']))
    const running = await world.create(cat)
    await eventually('the exit', async () => {
      const { process } = await world.observe(ended)
      return (process.known && !process.value.alive) || undefined
    })
    await world.killServer()
    const { observations, complete, server, found } = await world.backend.observe([ended, running], world.signal)
    expect(observations.map(({ existence }) => existence.known && existence.value)).toEqual(['gone', 'lost'])
    expect(observations[0]?.process).toMatchObject({
      value: { exit: { code: 4, signal: null } },
      evidence: { source: 'file' },
    })
    expect({ complete, found, ok: server.ok, code: server.error?.code }).toEqual({
      complete: true,
      found: [],
      ok: false,
      code: 'NO_SERVER',
    })
  })

  it('finds an agent without a handle by its tag', async () => {
    await using world = new World()
    const agent = await world.create(cat)
    const [found] = await world.backend.find([world.backend.target], world.signal)
    expect(found).toMatchObject({ id: agent.id, handle: agent.handle, target: agent.target, begun: 'yes' })
    expect((await world.observe({ ...agent, handle: null })).existence).toMatchObject({ value: 'present' })
    expect((await world.observe({ ...agent, id: 'other', handle: null })).existence).toMatchObject({ value: 'gone' })
  })

  it('keeps windows of people and panes they split off apart from agents', async () => {
    await using world = new World()
    const agent = await world.create(cat)
    world.tmux('split-window', '-d', '-t', (agent.handle as { pane: string }).pane, 'sleep', '1000')
    world.tmux('new-window', '-d', '-n', agent.id, 'sleep', '1000')
    const { found, observations } = await world.backend.observe([agent], world.signal)
    expect(found?.map(({ handle }) => handle)).toEqual([agent.handle])
    expect(observations[0]?.process).toMatchObject({ value: { alive: true } })
  })

  it('looks at each server once', async () => {
    await using world = new World()
    const { backend, calls } = countingTmux(world)
    const agent = await world.create(cat)
    const other = join(dirname(world.socket), 'other')
    symlinkSync(world.socket, other)
    const elsewhere = { ...agent, target: { socket: other } }
    const { observations } = await backend.observe([agent, elsewhere, agent, elsewhere], world.signal)
    expect(calls()).toBe(2)
    expect(observations.map(({ existence }) => existence.known)).toEqual([true, true, true, true])
  })
})

describe('find()', () => {
  it('rejects when it could not look', async () => {
    await using world = new World()
    await world.create(cat)
    const finding = tmux({ command: 'no-such-tmux' })(world.host).find([world.backend.target], world.signal)
    await expect(finding).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
      message: expect.stringContaining(world.socket),
    })
  })
})

describe('probe()', () => {
  it('tells no server, a server, and no tmux apart', async () => {
    await using world = new World()
    const before = await world.backend.probe(world.signal)
    expect(before).toMatchObject({
      ok: false,
      epoch: null,
      error: { code: expect.stringMatching(/NO_SERVER|PROGRAM_MISSING/) },
    })
    await world.create(cat)
    const during = await world.backend.probe(world.signal)
    expect(during).toMatchObject({
      ok: true,
      version: expect.stringMatching(/^\d/),
      epoch: expect.stringMatching(/^\d+\.\d+$/),
      error: null,
    })
    const without = await tmux({ command: 'no-such-tmux' })(world.host).probe(world.signal)
    expect(without).toMatchObject({ ok: false, startable: false, error: { code: 'PROGRAM_MISSING' } })
    expect(without.checks[0]).toMatchObject({ name: 'tmux', result: 'fail', fix: 'apt-get install tmux' })
  })

  it('is startable only with an agent program on PATH', async () => {
    await using world = new World({ env: { PATH: '/nowhere' }, options: { command: '/usr/bin/tmux' } })
    const without = await world.backend.probe(world.signal)
    expect(without).toMatchObject({
      startable: false,
      error: { code: 'PROGRAM_MISSING', text: expect.stringContaining('npm install') },
    })
    const program = join(world.folder, 'aider')
    writeFileSync(program, '#!/bin/sh\n')
    const backend = tmux({ command: '/usr/bin/tmux' })({ ...world.host, env: { PATH: world.folder } })
    expect((await backend.probe(world.signal)).startable).toBe(false)
    chmodSync(program, 0o755)
    expect(await backend.probe(world.signal)).toMatchObject({ startable: true, error: { code: 'NO_SERVER' } })
  })

  it('refuses a tmux that is too old', async () => {
    await using world = new World()
    const old = join(world.folder, 'old')
    writeFileSync(`${old}.new`, '#!/bin/sh\necho tmux 3.2a\n', { mode: 0o755 })
    renameSync(`${old}.new`, old)
    const seen = await tmux({ command: old })(world.host).probe(world.signal)
    expect(seen).toMatchObject({
      ok: false,
      startable: false,
      checks: [{ result: 'fail', text: expect.stringContaining('3.2a is too old') }, {}],
    })
  })
})
