import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import type { SpawnDocument } from '@orch/core'
import { newAgent, type Scenario, type Stage, spawnLine } from './scenarios.ts'
import type { World } from './world.ts'

/** What takes an agent through a queue, and whatever starts it then. */
export const QUEUE_SCENARIOS: readonly Scenario[] = [
  {
    name: 'spawn that finds a place free',
    at: /^(start|place)-.*#1$/,
    async prepare({ world, ledger, name }) {
      ledger.spawns.push({ name, must: false })
      return queueLine(world, name)
    },
  },
  {
    name: 'spawn of several with a key',
    at: /^task-queued/,
    async prepare({ world, ledger, name }) {
      const names = ['a', 'b'].map((part) => `${name}-${part}`)
      for (const one of names) ledger.spawns.push({ name: one, must: true })
      await world.place.write(
        `${name}.txt`,
        names.map((one) => `${JSON.stringify({ task: 'Task', name: one })}\n`).join(''),
      )
      return eachLine(world, name)
    },
    async after({ world, name }) {
      expect(await world.place.orch(...eachLine(world, name))).toMatchObject({ code: 0 })
    },
  },
  {
    name: 'spawn that is queued and refused once it starts',
    at: /^(start-refused|place-released)#1$/,
    // One beside it would begin to start its agent.
    atOnce: 1,
    async prepare({ world: { place, agent }, ledger, name }) {
      ledger.spawns.push({ name, must: false })
      const [option = '', dashes = '', , ...words] = agent
      const missing = join(place.project, `${name}-program`)
      return ['spawn', 'Task', '--name', name, '--max-parallel', '1000', option, dashes, missing, ...words]
    },
    // What was killed stays queued until its program is there.
    async after({ world: { place }, name }) {
      await symlink('/bin/sh', join(place.project, `${name}-program`))
    },
  },
  {
    name: 'status that starts who is queued',
    at: /^(start|place)-.*#1$/,
    atOnce: 1,
    prepare: async (stage) => {
      await queueBehind(stage)
      return ['status']
    },
  },
  {
    name: 'status that others hand over to, which sets a worktree up first',
    at: /^worktree-(added|set-up)#1$/,
    atOnce: 1,
    prepare: async (stage) => {
      await queueBehind(stage, '--worktree')
      return ['status', '--start']
    },
  },
]

/** Queues an agent that may start now, and that no kill may lose. */
async function queueBehind({ world, ledger, name }: Stage, ...options: string[]): Promise<void> {
  const before = await newAgent(world, ledger, `${name}-before`)
  ledger.spawns.push({ name, must: true })
  const line = spawnLine(world, name, '--after', before, ...options)
  const { agent } = await world.place.json<SpawnDocument>(...line)
  expect(agent).toMatchObject({ state: 'queued', reason: { code: 'DEPENDENCY_OPEN' } })
  expect(await world.place.orch('phase', 'Complete', '--id', before)).toMatchObject({ code: 0 })
}

function eachLine({ place, agent }: World, name: string): string[] {
  return ['spawn', '--each', join(place.project, `${name}.txt`), '--key', name, ...agent]
}

function queueLine(world: World, name: string, ...options: string[]): string[] {
  return spawnLine(world, name, '--max-parallel', '1000', ...options)
}
