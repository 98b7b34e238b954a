import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Agent, SpawnDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const example = join(import.meta.dirname, '../../examples/program-clerk')
const clerk = { module: './program-clerk/program.js' }
const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
  await cp(example, join(place.project, '.orch/program-clerk'), { recursive: true })
  const programs = {
    clerk,
    typed: { ...clerk, promptBy: 'send' },
    idler: { ...clerk, promptBy: 'none' },
    careful: { ...clerk, env: { CLERK_ASKS_TRUST: '1' } },
  }
  await place.write('.orch/config.json', JSON.stringify({ programs }))
})

const spawned = (task: string, ...args: readonly string[]): Promise<SpawnDocument & { code: number }> =>
  place.json('spawn', task, '--wait', '--program', ...(args.length > 0 ? args : ['clerk']))

const agents = async (): Promise<readonly Agent[]> =>
  (await place.json<{ agents: Agent[] }>('status', '--ended')).agents

/** The only agent, once it is in this state. */
const seen = (state: Agent['state']): Promise<Agent> =>
  eventually(async () => (await agents()).find((agent) => agent.state === state) ?? false, {
    what: `the state "${state}"`,
  })

describe('spawn --wait of a program in tmux that tells of its turns', () => {
  it('prints exactly what the agent said last, and its id beside it', async () => {
    const run = await place.orch('spawn', 'answer well done', '--wait', '--program', 'clerk')
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^\S+\n$/) })
    // The clerk says all that follows its first word.
    const context = join(place.project, '.orch/workspace', run.stderr.trim(), 'SPAWN_CONTEXT.md')
    expect(run.stdout).toBe(`${(await readFile(context, 'utf8')).slice('answer '.length)}\n`)
  })

  it('brings the answer of one whose task is typed, and again by its key when it has said more since', async () => {
    const first = await spawned('answer typed', 'typed', '--key', 'k')
    expect(first).toMatchObject({ code: 0, outcome: 'met', answer: { text: expect.stringMatching(/^typed\n/) } })
    const other = await spawned('answer given', 'clerk', '--key', 'other')
    await place.json('send', other.agent.id, 'answer more', '--wait')
    const again = await spawned('answer given', 'clerk', '--key', 'other')
    expect(again).toMatchObject({ created: false, outcome: 'met', answer: other.answer })
  })

  it.each([
    ['fail now', 'clerk', 20, 'failed'],
    ['exit now', 'clerk', 20, 'failed'],
    ['ask to count', 'clerk', 23, 'waiting'],
    ['anything', 'careful', 23, 'waiting'],
  ])('of a task "%s" for the program "%s" gives %i', async (task, program, code, outcome) => {
    expect(await spawned(task, program)).toMatchObject({ code, outcome, answer: null, agent: { state: outcome } })
  })

  it('gives 24 when the turn was interrupted, and 20 when its program was killed in it', async () => {
    const interrupted = await place.start('spawn', 'work on', '--wait', '--json', '--program', 'clerk')
    const { id } = await seen('working')
    expect(await place.json('interrupt', id)).toMatchObject({ interrupted: true })
    expect(await interrupted.result()).toMatchObject({ code: 24, json: { outcome: 'idle', answer: null } })
    await place.json('abandon', id)
    const killed = await place.start('spawn', 'work on', '--wait', '--json', '--program', 'clerk')
    const agent = await seen('working')
    for (const { pid, argv } of await place.processesOf(agent.id))
      if (argv[1]?.endsWith('clerk.js')) process.kill(pid, 'SIGKILL')
    expect(await killed.result()).toMatchObject({ code: 20, json: { outcome: 'failed', answer: null } })
  })

  it('leaves the agent at its work when its time is over, or when it is broken off', async () => {
    expect(await spawned('work on', 'clerk', '--timeout', '1s')).toMatchObject({ code: 124, outcome: 'timeout' })
    const { id } = await seen('working')
    await place.json('abandon', id)
    const waiting = await place.start('spawn', 'work on', '--wait', '--program', 'clerk')
    await seen('working')
    waiting.kill('SIGINT')
    expect(await waiting.result()).toMatchObject({ code: 130, stdout: '' })
    expect(await seen('working')).toMatchObject({ lifecycle: 'active' })
  })

  it.each([
    ['a bare program', ['--program', '--', 'sleep', '60']],
    ['a program that takes no task', ['--program', 'idler']],
  ])('is refused for %s before anything is made', async (_, program) => {
    const run = await place.orch('spawn', 'anything', '--wait', '--json', ...program)
    expect(run).toMatchObject({ code: 34, json: { error: { code: 'UNSUPPORTED', outcome: 'none' } } })
    expect(await agents()).toEqual([])
  })
})
