import { describe, expect, it } from '@jest/globals'
import type { AgentRef, Exit } from '@orch/core'
import { eventually, nodeProgram, runs, systemProgram, World } from './support/world.ts'

async function exitOf(world: World, agent: AgentRef): Promise<Exit | null> {
  return eventually('the exit', async () => {
    const { process } = await world.observe(agent)
    return process.known && !process.value.alive ? process.value.exit : undefined
  })
}

const shell = (script: string): ReturnType<typeof systemProgram> => systemProgram('sh', ['-c', script])

describe('the exit of a program', () => {
  it.each([
    ['exit 0', { code: 0, signal: null }],
    ['exit 3', { code: 3, signal: null }],
    ['exit 1', { code: 1, signal: null }],
    ['exit 137', { code: 137, signal: null }],
    ['exit 143', { code: 143, signal: null }],
    ['exit 255', { code: 255, signal: null }],
    ['kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
    ['kill -SEGV $$', { code: null, signal: 'SIGSEGV' }],
    ['kill -HUP $$', { code: null, signal: 'SIGHUP' }],
    ['kill -INT $$', { code: null, signal: 'SIGINT' }],
  ])('after "%s" is known', async (script, exit) => {
    await using world = new World()
    expect(await exitOf(world, await world.create(shell(script)))).toEqual(exit)
  })

  it('is known of forty programs that end at once', async () => {
    await using world = new World()
    const agents = await Promise.all(Array.from({ length: 40 }, (_, index) => world.create(shell(`exit ${index}`))))
    const exits = []
    for (const agent of agents) exits.push(await exitOf(world, agent))
    expect(exits.map((exit) => exit?.code)).toEqual(Array.from({ length: 40 }, (_, index) => index))
  })

  it('is not known when the wrapper itself was killed, which says so', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const { panePid } = agent.handle as { panePid: number }
    process.kill(panePid, 'SIGKILL')
    expect(await exitOf(world, agent)).toBeNull()
    expect((await world.observe(agent)).process).toMatchObject({
      evidence: {
        detail: `its wrapper, process ${panePid}, was killed by SIGKILL before it could record how the program ended`,
      },
    })
  })

  it('is not known when wrapper and program were killed, whatever else of the run lives on', async () => {
    await using world = new World()
    const agent = await world.create(shell('sleep 1000 & echo $$ >"$FIXTURE_FOLDER/program"; trap "" HUP; wait'))
    const [program] = await world.pids('program', 1)
    for (const pid of [(agent.handle as { panePid: number }).panePid, program as number]) process.kill(pid, 'SIGKILL')
    expect(await exitOf(world, agent)).toBeNull()
    expect(await world.backend.stop(agent, world.signal)).toMatchObject({ proven: true })
    expect(world.agentLeftovers()).toEqual([])
  })

  it('has not come when only the wrapper was killed: the program lives on', async () => {
    await using world = new World()
    const agent = await world.create(
      shell('trap "" HUP; echo $$ >"$FIXTURE_FOLDER/program"; while :; do sleep 1; done'),
    )
    const [program] = await world.pids('program', 1)
    const { panePid } = agent.handle as { panePid: number }
    process.kill(panePid, 'SIGKILL')
    const evidence = await eventually('the end of the wrapper', async () => {
      const { process } = await world.observe(agent)
      return process.known && process.evidence.detail.includes('its wrapper') ? process : undefined
    })
    expect(evidence).toMatchObject({
      value: { alive: true, exit: null },
      evidence: { detail: `its wrapper, process ${panePid}, was killed by SIGKILL; still running: process ${program}` },
    })
    expect(await world.backend.stop(agent, world.signal)).toMatchObject({ proven: true })
    expect(runs(program as number)).toBe(false)
  })

  it('is not known after everything was switched off at once', async () => {
    await using world = new World()
    const agent = await world.create(shell('echo set; exec cat'))
    await world.output(agent, 'set')
    world.switchOff()
    expect(await world.observe(agent)).toMatchObject({
      existence: { value: 'lost' },
      process: { value: { alive: false, exit: null }, evidence: { detail: 'no process of this agent runs' } },
    })
  })

  it('outlives the tmux server', async () => {
    await using world = new World()
    const agent = await world.create(shell('exit 7'))
    await exitOf(world, agent)
    await world.killServer()
    expect(await world.observe(agent)).toMatchObject({
      existence: { value: 'gone' },
      process: { value: { alive: false, exit: { code: 7 } } },
    })
  })
})

describe('the wrapper', () => {
  it('lets Ctrl-C reach the program, and outlives it itself', async () => {
    await using world = new World()
    const agent = await world.create(shell('trap "echo interrupted; exit 5" INT; echo set; while :; do sleep 1; done'))
    await world.output(agent, 'set')
    world.tmux('send-keys', '-t', (agent.handle as { pane: string }).pane, 'C-c')
    expect(await exitOf(world, agent)).toEqual({ code: 5, signal: null })
    await world.output(agent, 'interrupted')
  })

  it('does not take the hang-up of a dying server for an exit of the program', async () => {
    await using world = new World()
    const agent = await world.create(shell('trap "exit 0" HUP; echo set; while :; do sleep 1; done'))
    const other = await world.create(nodeProgram('raw-log.mjs', ['log']))
    await world.output(agent, 'set')
    await world.output(other, 'READY')
    await world.killServer()
    await eventually('the end of both programs', () => world.leftovers().length === 0 || undefined)
    for (const one of [agent, other])
      expect(await world.observe(one)).toMatchObject({
        existence: { value: 'lost' },
        process: { value: { alive: false, exit: null } },
      })
  })

  it('says which program survived the server', async () => {
    await using world = new World()
    const agent = await world.create(shell('trap "" HUP; echo set; while :; do sleep 1; done'))
    await world.output(agent, 'set')
    await world.killServer()
    const { panePid } = agent.handle as { panePid: number }
    await eventually('the end of the wrapper', () => !runs(panePid) || undefined)
    expect(await world.observe(agent)).toMatchObject({
      existence: { value: 'lost' },
      process: { value: { alive: true, exit: null } },
    })
  })

  it('records that a program could not be started', async () => {
    await using world = new World()
    const agent = await world.create(shell('exec /no/such/program'))
    expect(await exitOf(world, agent)).toEqual({ code: 127, signal: null })
    await world.output(agent, 'not found')
  })
})
