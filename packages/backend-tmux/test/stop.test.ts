import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { tmux } from '@orch/backend-tmux'
import type { AgentRef, StopProof } from '@orch/core'
import { eventually, runs, systemProgram, World } from './support/world.ts'

const shell = (script: string): ReturnType<typeof systemProgram> => systemProgram('sh', ['-c', script])

const stop = (world: World, agent: AgentRef): Promise<StopProof> => world.backend.stop(agent, world.signal)

const textOf = ({ evidence }: StopProof): string => evidence.map(({ detail }) => detail).join('\n')

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number).filter(runs)
}

/** A command that writes its process id to the file `$F`, and stays. */
const WRITES_PID = `sh -c 'echo $$ >>"$0"; exec sleep 1000' "$F"`

/** Starts commands in the background, each of which writes its process id, and stays. */
function family(...commands: readonly string[]): string {
  const started = commands.map((command) => `(${command.split('PID').join(WRITES_PID)}) &`)
  return `F="$FIXTURE_FOLDER/pids"; export F; ${started.join(' ')} echo $$ >>"$F"; wait; sleep 1000`
}

describe('stop()', () => {
  it.each([
    ['an ordinary program', ['PID']],
    ['a program that ignores HUP and TERM', ['trap "" HUP TERM; PID']],
    ['a child in a session of its own', ['setsid PID', 'setsid setsid PID']],
    ['a child that dropped its environment', ['env -i PID', 'setsid env -i PID']],
    ['a child that dropped its environment and ignores HUP and TERM', ['trap "" HUP TERM; setsid env -i PID']],
    ['a child that is stopped', [`sh -c 'echo $$ >>"$0"; kill -STOP $$' "$F"`]],
  ])('ends %s and all of its processes', async (_, commands) => {
    await using world = new World()
    const agent = await world.create(shell(family(...commands)))
    const pids = await world.pids('pids', commands.length + 1)
    const proof = await stop(world, agent)
    expect(pids.filter(runs)).toEqual([])
    expect(proof.proven).toBe(true)
    for (const pid of pids) expect(textOf(proof)).toContain(`${pid} (`)
    expect(world.agentLeftovers()).toEqual([])
    expect((await world.observe(agent)).existence).toMatchObject({ value: 'gone' })
  })

  it('lets a program end in its own way, and records how', async () => {
    await using world = new World()
    const agent = await world.create(
      shell('trap "echo goodbye; exit 9" TERM; trap : HUP; echo set; while :; do sleep 0.1; done'),
    )
    await world.output(agent, 'set')
    expect(await stop(world, agent)).toMatchObject({ proven: true })
    expect(await world.lines(agent)).toContain('goodbye')
    expect((await world.observe(agent)).process).toMatchObject({
      value: { alive: false, exit: { code: 9, signal: null } },
    })
  })

  it('is fine twice, and of a program that ended by itself', async () => {
    await using world = new World()
    const agent = await world.create(shell('exit 0'))
    const proofs = [await stop(world, agent), await stop(world, agent), await stop(world, { ...agent, handle: null })]
    expect(proofs.map(({ proven }) => proven)).toEqual([true, true, true])
    expect(textOf(proofs[1] as StopProof)).toContain('tmux has no window of the agent')
  })

  it('is fine at once from two clients', async () => {
    await using world = new World()
    const agent = await world.create(shell(family('PID', 'trap "" TERM HUP; PID')))
    await world.pids('pids', 3)
    const proofs = await Promise.all([stop(world, agent), tmux()(world.host).stop(agent, world.signal)])
    expect(proofs.map(({ proven }) => proven)).toEqual([true, true])
    expect(world.agentLeftovers()).toEqual([])
  })

  it('ends what survived the tmux server', async () => {
    await using world = new World()
    const agent = await world.create(shell(family('trap "" HUP; PID', 'setsid PID')))
    const pids = await world.pids('pids', 3)
    await world.killServer()
    const proof = await stop(world, agent)
    expect(proof.proven).toBe(true)
    expect(pids.filter(runs)).toEqual([])
    expect(textOf(proof)).toContain('no server running')
  })

  it('ends what it can of an agent without a handle, by its tag', async () => {
    await using world = new World()
    const agent = await world.create(shell(family('setsid PID')))
    const pids = await world.pids('pids', 2)
    await world.killServer()
    expect(await stop(world, { ...agent, handle: null })).toMatchObject({ proven: true })
    expect(pids.filter(runs)).toEqual([])
  })

  it('leaves other agents, people’s windows, and a window with another tag alone', async () => {
    await using world = new World()
    const [agent, other] = [await world.create(systemProgram('cat', [])), await world.create(systemProgram('cat', []))]
    const { pane } = agent.handle as { pane: string }
    world.tmux('new-window', '-d', '-n', agent.id, 'sleep', '1000')
    world.tmux('set-option', '-p', '-t', pane, '@orch_run', 'of-someone-else')
    await stop(world, agent)
    const left = world.tmux('list-panes', '-a', '-F', '#{pane_id} #{window_name}')
    expect(left).toContain(`${pane} ${agent.id}`)
    expect(left.split('\n').filter((line) => line.endsWith(agent.id))).toHaveLength(2)
    expect((await world.observe(other)).process).toMatchObject({ value: { alive: true } })
  })

  it('leaves an agent of another registry with the same id alone', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const stranger = tmux()({ ...world.host, namespace: 'stranger0000' })
    const proof = await stranger.stop({ ...agent, handle: null }, world.signal)
    expect(textOf(proof)).toContain('no process of the agent was left')
    expect((await world.observe(agent)).process).toMatchObject({ value: { alive: true } })
  })

  it('leaves a server alone that the agent started for others, without its mark', async () => {
    await using world = new World()
    const server = 'setsid env -u ORCH_AGENT_ID sh -c \'echo $$ >>"$FIXTURE_FOLDER/pids"; exec sleep 1000\' &'
    const agent = await world.create(shell(`( ${server} ); echo set; cat`))
    await world.output(agent, 'set')
    const pids = await world.pids('pids', 1)
    const proof = await stop(world, agent)
    expect(proof.proven).toBe(true)
    expect(pids.filter(runs)).toEqual(pids)
    expect(textOf(proof)).toContain(`left alone, as the agent started it for others: ${pids[0]} (sleep)`)
  })

  it('ends what has no mark, session and parent of the agent any more, but holds its terminal open', async () => {
    await using world = new World()
    const daemon = `(trap "" HUP TERM; setsid env -i ${WRITES_PID} &) </dev/null`
    const agent = await world.create(shell(`F="$FIXTURE_FOLDER/pids"; ${daemon}; sleep 1000`))
    const pids = await world.pids('pids', 1)
    const proof = await stop(world, agent)
    expect(pids.filter(runs)).toEqual([])
    expect(textOf(proof)).toContain(`ended`)
    expect(textOf(proof)).toContain(`${pids[0]} (sleep)`)
  })

  it('ends what stayed in the session of an agent that has ended, without its marks and its terminal', async () => {
    await using world = new World()
    const child = `(trap "" HUP; exec env -i ${WRITES_PID}) >/dev/null 2>&1 </dev/null &`
    const agent = await world.create(shell(`F="$FIXTURE_FOLDER/pids"; ${child} until [ -s "$F" ]; do :; done; exit 3`))
    const pids = await world.pids('pids', 1)
    await eventually('the end of the wrapper', () => !runs((agent.handle as { panePid: number }).panePid) || undefined)
    const proof = await stop(world, agent)
    expect(pids.filter(runs)).toEqual([])
    expect(textOf(proof)).toContain(`${pids[0]} (sleep)`)
  })

  it('names what it leaves: a process without any trace that works where the agent does', async () => {
    await using world = new World()
    const daemon = `(setsid env -i ${WRITES_PID} &) </dev/null >/dev/null 2>&1`
    const agent = await world.create(shell(`F="$FIXTURE_FOLDER/pids"; ${daemon}; sleep 1000`))
    const other = await world.create(shell(`F="$FIXTURE_FOLDER/others"; (setsid ${WRITES_PID} &); cat`))
    const [pids, others] = [await world.pids('pids', 1), await world.pids('others', 1)]
    const proof = await stop(world, agent)
    expect(proof.proven).toBe(true)
    expect(pids.filter(runs)).toEqual(pids)
    expect(textOf(proof)).toContain(
      `left alone, as nothing shows whose it is: ${pids[0]} (sleep), which works in the agent's directory`,
    )
    expect(textOf(proof)).not.toContain(String(others[0]))
    process.kill(pids[0] as number, 'SIGKILL')
    expect(await stop(world, other)).toMatchObject({ proven: true })
  })

  it('leaves the pane that a person split off in the agent’s window alone', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    world.tmux('split-window', '-d', '-t', (agent.handle as { pane: string }).pane, 'sleep', '1000')
    expect(await stop(world, agent)).toMatchObject({ proven: true })
    expect(world.tmux('list-panes', '-a', '-F', '#{window_name} #{pane_dead}')).toContain(`${agent.id} 0`)
    await world.create(systemProgram('cat', []), { id: agent.id })
  })

  it('claims nothing while the log is still being written', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const keeper = childrenOf(world.serverPid).find((pid) => pid !== (agent.handle as { panePid: number }).panePid)
    const writer = await eventually('the writer of the log', () => childrenOf(keeper as number)[0])
    process.kill(writer, 'SIGSTOP')
    const proof = await stop(world, agent)
    process.kill(writer, 'SIGCONT')
    expect(proof.proven).toBe(false)
    expect(textOf(proof)).toContain('log is still being written')
    await eventually('the end of the writer', () => !runs(writer) || undefined)
    expect(await stop(world, agent)).toMatchObject({ proven: true })
  })

  it('claims nothing of a window while the server is mute, and ends the processes all the same', async () => {
    await using world = new World()
    const agent = await world.create(shell(family('PID')))
    const pids = await world.pids('pids', 2)
    world.freeze()
    const proof = await stop(world, agent)
    world.thaw()
    expect(proof.proven).toBe(false)
    expect(textOf(proof)).toContain('no answer within')
    expect(pids.filter(runs)).toEqual([])
    expect(await stop(world, agent)).toMatchObject({ proven: true })
  })
})
