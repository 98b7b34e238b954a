import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { AgentRef, CreateRequest, CreateResult, ProgramSpec } from '@orch/core'
import { childrenOf } from '../src/client/processes.ts'
import { parseHandle } from '../src/parse.ts'
import { eventually, runs, World } from './support/world.ts'

const fixture = fileURLToPath(new URL('../../../tests/stories/programs/conversation.mjs', import.meta.url))

/** A program with a conversation; by its name it is listened to as Claude Code is. */
const program: ProgramSpec = {
  name: 'claude',
  command: process.execPath,
  args: [fixture],
  env: {},
  promptBy: 'argument',
}

let world: World
let request: CreateRequest
let agent: AgentRef

beforeEach(async () => {
  world = new World({ env: { HOME: '' } })
  Object.assign(world.host.env, { HOME: world.folder })
  request = world.request(program)
  const { id, target, directory } = request
  const { handle } = await world.backend.create(request, world.signal)
  agent = { id, target, directory, handle, facts: null, attempts: [] }
  await turnEnded(agent)
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

async function turnEnded(one: AgentRef, how = 'completed'): Promise<void> {
  await eventually(`the end of a turn, ${how}`, async () => {
    const { turn } = await world.observe(one)
    return (turn.known && turn.value.status === 'ended' && turn.value.how === how) || undefined
  })
}

function resume(one: AgentRef = agent): Promise<CreateResult> {
  if (world.backend.resume === undefined) throw new Error('The tmux backend has no resume()')
  return world.backend.resume(one, request, world.signal)
}

async function resumed(): Promise<AgentRef> {
  const { handle } = await resume()
  return { ...agent, handle }
}

/** Ends the agent's program as `kill -9` does. */
async function killProgram(): Promise<void> {
  const [pid] = childrenOf(parseHandle(agent.handle)?.panePid as number)
  process.kill(pid as number, 'SIGKILL')
  await eventually('the recorded exit', () => existsSync(parseHandle(agent.handle)?.exit as string) || undefined)
}

const said = async (one: AgentRef): Promise<(string | null)[]> => {
  const { items } = await world.backend.read(one, { last: 100, before: null, raw: false }, world.signal)
  return items.map(({ text }) => text)
}

describe('resume()', () => {
  it.each([
    ['its program was killed', killProgram],
    ['its server was killed', async () => world.killServer()],
    ['its window was closed', async () => void world.tmux('kill-window', '-t', `=orch:=${agent.id}`)],
  ])('goes on with the conversation in a new run after %s', async (_, end) => {
    await end()
    const { handle, begun, program: name, receipt } = await resume()
    expect({ begun, name, receipt }).toEqual({ begun: true, name: 'claude', receipt: null })
    const again = { ...agent, handle }
    expect(await said(again)).toEqual(['do it', 'That makes 1'])
    await turnEnded(again, 'interrupted')
    const message = { id: 'next', text: 'go on' }
    expect(await world.backend.send(again, message, world.signal)).toMatchObject({ delivery: 'confirmed' })
    await turnEnded(again)
    expect(await said(again)).toEqual(['do it', 'That makes 1', 'go on', 'That makes 2'])
    expect((await world.backend.find([agent.target], world.signal)).map(({ id }) => id)).toEqual([agent.id])
    expect(readdirSync(join(world.folder, 'state', 'tmux', 'logs'))).toHaveLength(2)
  })

  it('of an agent that runs is refused, and makes nothing', async () => {
    await expect(resume()).rejects.toMatchObject({ code: 'AGENT_EXISTS', outcome: 'none' })
    expect(world.tmux('list-windows', '-a').match(/agent-/g)).toHaveLength(1)
  })

  it('of a stopped agent is refused, also once its server is gone', async () => {
    await world.backend.stop(agent, world.signal)
    await expect(resume()).rejects.toMatchObject({ code: 'CREATE_FAILED' })
    await world.killServer()
    await expect(resume()).rejects.toMatchObject({ code: 'CREATE_FAILED', message: expect.stringContaining('stopped') })
  })

  it('is refused when nothing of the conversation is there', async () => {
    await killProgram()
    rmSync(join(world.folder, '.claude', 'projects'), { recursive: true })
    await expect(resume()).rejects.toMatchObject({ code: 'CREATE_FAILED', message: expect.stringContaining('.jsonl') })
  })

  it('of 8 callers at once makes one run', async () => {
    await killProgram()
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => resume()))
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.code] : []))
    expect(refused).toEqual(Array.from({ length: 7 }, () => 'AGENT_EXISTS'))
    expect(world.tmux('list-windows', '-a').match(/agent-/g)).toHaveLength(1)
  })

  it('waits for a program that outlives its server, and is refused while that runs', async () => {
    const [pid] = childrenOf(parseHandle(agent.handle)?.panePid as number)
    const child = 'ORCH_TMUX_PROGRAM=$$ exec tail -f /dev/null'
    const left = execFileSync('/bin/sh', ['-c', `setsid /bin/sh -c '${child}' >/dev/null 2>&1 & echo $!`], {
      env: { ORCH_TMUX_RUN: parseHandle(agent.handle)?.run, ORCH_AGENT_ID: agent.id, PATH: process.env.PATH },
      encoding: 'utf8',
    })
    await world.killServer()
    await eventually('the end of the program', () => !runs(pid as number) || undefined)
    await expect(resume()).rejects.toMatchObject({
      code: 'AGENT_EXISTS',
      message: expect.stringContaining(left.trim()),
    })
    process.kill(Number(left), 'SIGKILL')
    expect(await said(await resumed())).toHaveLength(2)
  })

  it('leaves what its earlier run started to stop()', async () => {
    const left = execFileSync('/bin/sh', ['-c', 'setsid tail -f /dev/null >/dev/null 2>&1 & echo $!'], {
      env: { ORCH_TMUX_RUN: parseHandle(agent.handle)?.run, ORCH_AGENT_ID: agent.id, PATH: process.env.PATH },
      encoding: 'utf8',
    })
    await killProgram()
    const again = await resumed()
    expect(runs(Number(left))).toBe(true)
    expect(await world.backend.stop(again, world.signal)).toMatchObject({ proven: true })
    expect(runs(Number(left))).toBe(false)
  })
})
