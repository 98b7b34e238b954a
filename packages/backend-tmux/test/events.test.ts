import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { AgentRef, BackendEvent } from '@orch/core'
import { descendantsOf } from '../../../tests/harness/processes.ts'
import { countingTmux } from './support/counting-tmux.ts'
import { eventually, nodeProgram, systemProgram, World } from './support/world.ts'

/** A subscription that is ready, what it told, and its end. */
interface Follower {
  readonly events: BackendEvent[]
  end(): Promise<void>
}

async function follow(
  world: World,
  agents: readonly AgentRef[],
  content = false,
  backend = world.backend,
): Promise<Follower> {
  const controller = new AbortController()
  const events: BackendEvent[] = []
  const done = (async () => {
    for await (const event of backend.events(agents, { content, raw: false }, controller.signal)) events.push(event)
  })()
  await eventually('"ready"', () => events.some(({ type }) => type === 'ready') || undefined)
  return {
    events,
    end: async () => {
      controller.abort()
      await done
    },
  }
}

const told = (follower: Follower, agent: AgentRef): Promise<true> =>
  eventually(
    `"changed" of ${agent.id}`,
    () => follower.events.some((event) => event.type === 'changed' && event.agent === agent.id) || undefined,
  )

const paneOf = ({ handle }: AgentRef): string => (handle as { pane: string }).pane

/** The processes that watch this world's server. */
async function watchesOf(world: World): Promise<number[]> {
  const clients = (await descendantsOf(process.pid)).filter(({ argv }) => argv.includes(world.socket))
  return clients.filter(({ argv }) => argv.includes('load-buffer')).map(({ pid }) => pid)
}

const isEnded = async (world: World, agent: AgentRef): Promise<boolean> => {
  const { process } = await world.observe(agent)
  return process.known && !process.value.alive
}

describe('events()', () => {
  it('tells of an exit, and the look after it shows it', async () => {
    await using world = new World()
    const [agent, other] = [await world.create(systemProgram('cat', [])), await world.create(systemProgram('cat', []))]
    const follower = await follow(world, [agent, other])
    expect(follower.events).toEqual([{ type: 'ready' }])
    world.tmux('send-keys', '-t', paneOf(agent), 'C-d')
    await told(follower, agent)
    expect(await isEnded(world, agent)).toBe(true)
    expect(follower.events.filter((event) => 'agent' in event && event.agent === other.id)).toEqual([])
    await follower.end()
  })

  it('tells of an exit at once, also while the server is mute', async () => {
    await using world = new World()
    const go = join(world.folder, 'go')
    const agent = await world.create(systemProgram('sh', ['-c', `until [ -e ${go} ]; do sleep 0.05; done; exit 6`]))
    const follower = await follow(world, [agent])
    world.freeze()
    writeFileSync(go, '')
    await told(follower, agent)
    world.thaw()
    expect((await world.observe(agent)).process).toMatchObject({ value: { alive: false, exit: { code: 6 } } })
    await follower.end()
  })

  it('tells a reader that fell behind what is missing, and then the newest lines', async () => {
    await using world = new World({ options: { logBytes: 1_048_576 } })
    const agent = await world.create(systemProgram('sh', ['-c', 'echo begun; read go; seq 300000']))
    await world.output(agent, 'begun')
    const controller = new AbortController()
    const events = world.backend.events([agent], { content: true, raw: false }, controller.signal)
    const reader = events[Symbol.asyncIterator]()
    expect(await reader.next()).toMatchObject({ value: { type: 'ready' } })
    await world.backend.send(agent, { id: 'm', text: 'go' }, world.signal)
    await world.output(agent, '300000')
    const told: BackendEvent[] = []
    const isLast = (event?: BackendEvent): boolean => event?.type === 'item' && event.item.text === '300000'
    while (!isLast(told.at(-1))) told.push((await reader.next()).value as BackendEvent)
    expect(told.filter(({ type }) => type === 'gap')).toMatchObject([{ agent: agent.id, reason: { code: 'LOG_CUT' } }])
    expect(told.findIndex(({ type }) => type === 'gap')).toBe(told.findIndex(({ type }) => type !== 'changed'))
    const numbers = told.flatMap((event) => (event.type === 'item' ? Number(event.item.text) : []))
    expect(numbers).toEqual(Array.from(numbers, (_, index) => 300_001 - numbers.length + index))
    controller.abort()
    await reader.next()
  })

  it('tells of the death of the server', async () => {
    await using world = new World()
    const agents = [await world.create(systemProgram('cat', [])), await world.create(systemProgram('cat', []))]
    const follower = await follow(world, agents)
    await world.killServer()
    for (const agent of agents) await told(follower, agent)
    expect((await world.observe(agents[0] as AgentRef)).existence).toMatchObject({ value: 'lost' })
    await follower.end()
  })

  it('tells of a window that somebody closed', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const follower = await follow(world, [agent])
    world.tmux('kill-window', '-t', paneOf(agent))
    await told(follower, agent)
    await follower.end()
  })

  it('tells of a death that no exit file records', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const follower = await follow(world, [agent])
    process.kill((agent.handle as { panePid: number }).panePid, 'SIGKILL')
    await told(follower, agent)
    expect(await isEnded(world, agent)).toBe(true)
    await follower.end()
  })

  it('tells of each death, also of those that tmux misses, and of how it came', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    for (let round = 0; round < 10; round += 1) {
      world.tmux('respawn-pane', '-k', '-t', paneOf(agent), 'exec sleep 1000')
      const follower = await follow(world, [agent])
      process.kill(Number(world.tmux('display-message', '-p', '-t', paneOf(agent), '#{pane_pid}')), 'SIGKILL')
      await told(follower, agent)
      expect((await world.observe(agent)).process).toMatchObject({
        evidence: { detail: expect.stringContaining('was killed by SIGKILL') },
      })
      await follower.end()
    }
  })

  it('tells of a death where nothing can be written', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const follower = await follow(world, [agent])
    // A directory in the place of the file that is made and removed.
    mkdirSync(join(world.folder, 'state/tmux/exits', `${paneOf(agent)}.gone`))
    process.kill((agent.handle as { panePid: number }).panePid, 'SIGKILL')
    await told(follower, agent)
    expect(await isEnded(world, agent)).toBe(true)
    await follower.end()
  })

  it('goes on when its process is killed', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const follower = await follow(world, [agent])
    const [first] = await watchesOf(world)
    process.kill(first as number, 'SIGKILL')
    await eventually('another one', async () => {
      const now = await watchesOf(world)
      return (now.length === 1 && now[0] !== first) || undefined
    })
    await told(follower, agent)
    const before = follower.events.length
    await world.killServer()
    await eventually('the death of the server', () => follower.events.length > before || undefined)
    await follower.end()
  })

  it('leaves the server alone, however many come and go at once', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const comeAndGo = async (): Promise<void> => {
      for (let round = 0; round < 40; round += 1) await (await follow(world, [agent])).end()
    }
    await Promise.all(Array.from({ length: 8 }, comeAndGo))
    expect((await world.observe(agent)).existence).toMatchObject({ value: 'present' })
    expect(world.tmux('list-buffers')).toBe('')
  })

  it('starts one process for any number of agents, which ends with the subscription', async () => {
    await using world = new World()
    const agents = await Promise.all(Array.from({ length: 9 }, () => world.create(systemProgram('cat', []))))
    const { backend, calls } = countingTmux(world)
    const follower = await follow(world, agents, true, backend)
    await world.backend.send(agents[0] as AgentRef, { id: 'm', text: 'hello' }, world.signal)
    await eventually('the echo', () => follower.events.some(({ type }) => type === 'item') || undefined)
    expect(calls()).toBe(1)
    await follower.end()
    expect(await watchesOf(world)).toEqual([])
    expect(calls()).toBe(0)
  })

  it('carries lines as they come, incomplete ones again as they grow', async () => {
    await using world = new World()
    const script = String.raw`printf 'old '; read x; printf '\303'; read x; printf '\251 one\n'; read x; printf 'two\n'; cat`
    const agent = await world.create(systemProgram('sh', ['-c', `stty -echo; ${script}`]))
    await world.output(agent, 'old')
    const follower = await follow(world, [agent], true)
    const latest = (): Map<string, string | null> =>
      new Map(follower.events.flatMap((event) => (event.type === 'item' ? [[event.item.id, event.item.text]] : [])))
    const next = (): Promise<unknown> => world.backend.send(agent, { id: 'm', text: 'next' }, world.signal)
    await next()
    await eventually(
      'half a character',
      () => world.logged(`state/tmux/logs/${logName(agent)}`).includes(0xc3) || undefined,
    )
    await next()
    await eventually('the whole character', () => latest().get('0') === 'old é one' || undefined)
    await next()
    await eventually('the next line', () => [...latest().values()].includes('two') || undefined)
    expect([...latest().values()]).toEqual(['old é one', 'two'])
    for (const event of follower.events) if (event.type === 'item') expect(event.item.text).not.toContain('\ufffd')
    await follower.end()
  })

  it('carries fast output whole, as read() shows it', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('sh', ['-c', 'read x; seq 1 20000; echo the end']))
    const follower = await follow(world, [agent], true)
    await world.backend.send(agent, { id: 'm', text: 'go' }, world.signal)
    const items = (): Map<string, string | null> =>
      new Map(follower.events.flatMap((event) => (event.type === 'item' ? [[event.item.id, event.item.text]] : [])))
    await eventually('the end', () => [...items().values()].at(-1) === 'the end' || undefined)
    const { items: whole } = await world.backend.read(agent, { last: 100_000, before: null, raw: false }, world.signal)
    expect([...items()]).toEqual(whole.map(({ id, text }) => [id, text]))
    expect(whole).toHaveLength(20_002)
    await follower.end()
  })

  it('tells one who reads late everything, a part at a time', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('sh', ['-c', 'read x; seq -f "%099.0f" 1 100000; cat']))
    const events = world.backend.events([agent], { content: true, raw: false }, world.signal)[Symbol.asyncIterator]()
    expect((await events.next()).value).toEqual({ type: 'ready' })
    await world.backend.send(agent, { id: 'm', text: 'go' }, world.signal)
    await world.output(agent, '0100000')
    const numbers: number[] = []
    while (numbers.at(-1) !== 100_000) {
      const { value } = await events.next()
      if (value.type === 'item' && value.item.final) numbers.push(Number(value.item.text))
    }
    expect(numbers.slice(1)).toEqual(Array.from({ length: 100_000 }, (_, index) => index + 1))
    await events.return?.()
    expect(world.tmux('list-clients')).toBe('')
  })

  it('is ready, and quiet, when there is no server', async () => {
    await using world = new World()
    const agent = await world.create(nodeProgram('raw-log.mjs', ['log']))
    await world.killServer()
    const follower = await follow(world, [agent])
    await follower.end()
    expect(follower.events.filter(({ type }) => type === 'gap')).toEqual([])
  })

  it('ends when the backend is closed', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const done = (async () => {
      for await (const event of world.backend.events([agent], { content: true, raw: false }, world.signal))
        if (event.type === 'ready') await world.backend.close()
    })()
    await done
    expect(world.tmux('list-clients')).toBe('')
  })

  it('says that something may be missed when the server is mute', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    world.freeze()
    const follower = await follow(world, [agent])
    world.thaw()
    expect(follower.events).toContainEqual({
      type: 'gap',
      agent: null,
      reason: { code: 'NOT_WATCHED', text: expect.any(String) },
    })
    await follower.end()
  })
})

function logName(agent: AgentRef): string {
  return `${(agent.handle as { run: string }).run}.log`
}
