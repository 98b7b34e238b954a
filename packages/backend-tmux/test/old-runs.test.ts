import { existsSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { AgentRef } from '@orch/core'
import { systemProgram, World } from './support/world.ts'

const DAY_SECONDS = 86_400

/** Makes it as if the agent's program had ended so many days ago. */
function age(agent: AgentRef, days: number): void {
  const at = Date.now() / 1000 - days * DAY_SECONDS
  utimesSync((agent.handle as { exit: string }).exit, at, at)
}

const hasLog = ({ handle }: AgentRef): boolean => existsSync((handle as { log: string }).log)

async function ended(world: World): Promise<AgentRef> {
  const agent = await world.create({ ...systemProgram('echo', ['said']), name: 'claude' })
  await world.output(agent, 'said')
  await world.backend.stop(agent, world.signal)
  return agent
}

describe('what a run leaves', () => {
  it('goes so many days after its end, when the next agent is made; how it ended, and what lives, stays', async () => {
    await using world = new World({ options: { keepDays: 7 } })
    const living = await world.create(systemProgram('cat', []))
    const [old, recent] = [await ended(world), await ended(world)]
    age(old, 8)
    age(recent, 6)
    rmSync(join(world.folder, 'state/tmux/swept'))
    await world.create(systemProgram('cat', []))
    expect([living, old, recent].map(hasLog)).toEqual([true, false, true])
    const { run, exit } = old.handle as { run: string; exit: string }
    expect(readdirSync(join(world.folder, 'state/tmux/events')).filter((name) => name.startsWith(run))).toEqual([])
    expect(existsSync(exit)).toBe(true)
    expect((await world.observe(old)).process).toMatchObject({ value: { alive: false, exit: { code: 0 } } })
  })

  it('is looked for once a day', async () => {
    await using world = new World({ options: { keepDays: 7 } })
    const old = await ended(world)
    age(old, 8)
    await world.create(systemProgram('cat', []))
    expect(hasLog(old)).toBe(true)
  })
})
