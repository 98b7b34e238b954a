import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import type { SendDocument } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { git } from '../../harness/git-repository.ts'
import { runWithBarriers } from './barrier-runs.ts'
import { DELIVERIES } from './deliveries.ts'
import type { Ledger } from './ledger.ts'
import type { World } from './world.ts'

/** What a scenario has at hand for one of its runs. */
export interface Stage {
  world: World
  ledger: Ledger
  /** The command line with barriers. */
  program: string
  /** Of this run alone: the first part of an id, a key, or a message. */
  name: string
  /** Of all runs of the scenario together: what `prepareAll` resolved to. */
  shared: string
}

/** A command that is killed, and what is done before and after it. */
export interface Scenario {
  name: string
  /** Done once, before all runs. */
  prepareAll?(stage: Omit<Stage, 'name' | 'shared'>): Promise<string>
  /** Resolves to the command line to kill. */
  prepare(stage: Stage): Promise<string[]>
  /** After the kill: what must still be possible. */
  after?(stage: Stage): Promise<void>
  /** Where it is killed, when other scenarios come to the rest. `@default` everywhere */
  at?: RegExp
  /** How many are killed at once. `@default` 3 */
  atOnce?: number
}

const LONG = `${'x'.repeat(79)}\n`.repeat(1000)

/** The four verbs, and the recovery that `status` is; together they reach every barrier. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'status that recovers a spawn',
    atOnce: 1,
    async prepare({ world, ledger, program, name }) {
      ledger.spawns.push({ name, must: true })
      const run = await runWithBarriers(world, { program, killAt: 'agent-created#1' }, ...spawnLine(world, name))
      expect(run).toMatchObject({ signal: 'SIGKILL' })
      return ['status']
    },
  },
  {
    name: 'spawn',
    async prepare({ world, ledger, name }) {
      ledger.spawns.push({ name, must: false })
      return spawnLine(world, name)
    },
  },
  {
    name: 'spawn with a key',
    atOnce: 6,
    async prepare({ world, ledger, name }) {
      ledger.spawns.push({ name, must: true })
      return spawnLine(world, name, '--key', name)
    },
    after: spawnAgain,
  },
  {
    name: 'spawn that is refused',
    async prepare({ world, ledger, name }) {
      ledger.spawns.push({ name, must: false })
      return ['spawn', 'Task', '--name', name, ...world.refused]
    },
  },
  {
    name: 'spawn with the key of a refused one',
    at: /^(key|claim|spawn-claimed)/,
    async prepare({ world, ledger, name }) {
      const refused = await world.place.orch('--json', 'spawn', 'Task', '--name', name, '--key', name, ...world.refused)
      expect(refused.json).toMatchObject({ error: { outcome: 'none' } })
      ledger.spawns.push({ name, must: true })
      return spawnLine(world, name, '--key', name)
    },
    after: spawnAgain,
  },
  {
    name: 'spawn with the key of a killed one',
    at: /^(claim|spawn-resumed|workspace-written)/,
    atOnce: 6,
    async prepare({ world, ledger, program, name }) {
      ledger.spawns.push({ name, must: true })
      const line = spawnLine(world, name, '--key', name)
      const run = await runWithBarriers(world, { program, killAt: 'workspace-written#1' }, ...line)
      expect(run).toMatchObject({ signal: 'SIGKILL' })
      return line
    },
    after: spawnAgain,
  },
  {
    name: 'send',
    prepareAll: ({ world, ledger }) => newAgent(world, ledger, 'listener'),
    async prepare({ ledger, name, shared }) {
      ledger.messages.push({ id: shared, text: `<${name}>`, sure: false })
      return ['send', shared, `<${name}>`]
    },
    after: sendAgain,
  },
  {
    name: 'send of a long message',
    prepareAll: ({ world, ledger }) => newAgent(world, ledger, 'reader'),
    async prepare({ world, ledger, name, shared }) {
      ledger.messages.push({ id: shared, text: `<${name}>`, sure: false })
      return ['send', shared, '--file', await world.place.write(`${name}.txt`, `${LONG}<${name}>`)]
    },
    after: sendAgain,
  },
  ...(['complete', 'abandon'] as const).map((verb): Scenario => {
    const line = (id: string): string[] => (verb === 'complete' ? [verb, '--force', id] : [verb, id])
    const ids = new Map<string, string>()
    return {
      name: verb,
      async prepare({ world, ledger, name }) {
        const id = await newAgent(world, ledger, name)
        ids.set(name, id)
        return line(id)
      },
      async after({ world, ledger, name }) {
        const id = ids.get(name) as string
        expect(await world.place.orch(...line(id))).toMatchObject({ code: 0 })
        ledger.ended.push(id)
      },
    }
  }),
]

/** What orch does by itself: no backend has a part in how it survives, so that one is enough. */
export const OWN_SCENARIOS: readonly Scenario[] = [
  ...DELIVERIES,
  {
    name: 'spawn with a worktree',
    prepareAll: configureWorktrees,
    at: /^worktree-/,
    async prepare({ world, ledger, name }) {
      ledger.spawns.push({ name, must: false })
      return spawnLine(world, name, '--worktree')
    },
  },
  {
    name: 'spawn whose worktree cannot be set up',
    at: /^worktree-(moved|deleted)/,
    async prepare({ world, ledger, name }) {
      ledger.spawns.push({ name: `${name}-bad`, must: false })
      return spawnLine(world, `${name}-bad`, '--worktree')
    },
  },
  completeThatVerifies(),
  {
    name: 'clean of an agent with committed work',
    at: /^(clean|record-removing|worktree-)/,
    async prepare({ world, ledger, name }) {
      const id = await newAgent(world, ledger, name, '--worktree')
      const { directory } = await world.place.agent(id)
      await git(directory, 'add', '--all')
      await git(directory, 'commit', '--quiet', '--allow-empty', '--message', name)
      expect(await world.place.orch('abandon', id)).toMatchObject({ code: 0 })
      cleaned.set(name, id)
      return ['clean', id, '--records']
    },
    async after({ world: { place }, name }) {
      const id = cleaned.get(name) as string
      const { code } = await place.orch('clean', id, '--records')
      expect([0, 66]).toContain(code)
      expect(await place.orch('history', id)).toMatchObject({ code: 66 })
      expect(await readdir(join(place.project, '.orch', 'workspace'))).not.toContain(id)
      expect(await git(place.project, 'log', '-1', '--format=%s', `orch/${id}`)).toBe(name)
    },
  },
]

/** Which agent each run of a clean removes. */
const cleaned = new Map<string, string>()

/** Worktrees get a link and a set-up, which fails for agents that are called so. */
export async function configureWorktrees({ world: { place } }: Pick<Stage, 'world'>): Promise<string> {
  await place.write('linked.txt', 'linked\n')
  await place.write('.git/info/exclude', 'linked.txt\nset-up.txt\n')
  const setup = ['/bin/sh', '-c', 'case "$ORCH_AGENT_ID" in *-bad-*) exit 1 ;; esac; echo done >set-up.txt']
  return await place.write('.orch/config.json', JSON.stringify({ worktree: { setup, link: ['linked.txt'] } }))
}

/** What is killed while it verifies leaves no command running, and no part of a file where a whole one belongs. */
function completeThatVerifies(): Scenario {
  const ids = new Map<string, string>()
  const line = (id: string): string[] => ['complete', id, '--verify', 'test -e .']
  return {
    name: 'complete that verifies',
    at: /^(verify|complete|transcript|summary)-/,
    async prepare({ world, ledger, name }) {
      const id = await newAgent(world, ledger, name)
      ids.set(name, id)
      await world.place.json('phase', 'Complete', '--id', id)
      await eventually(async () => (await world.place.orch('complete', id, '--dry-run')).code === 0, {
        timeoutMs: 20_000,
        intervalMs: 250,
        what: 'an agent that can be completed',
      })
      return line(id)
    },
    async after({ world: { place }, ledger, name }) {
      const id = ids.get(name) as string
      expect(await place.orch(...line(id))).toMatchObject({ code: 0 })
      ledger.ended.push(id)
      const workspace = join(place.project, '.orch', 'workspace', id, 'kept-by-orch')
      expect((await readdir(workspace)).filter((file) => file.startsWith('verify.log'))).toEqual(['verify.log'])
      expect(await readFile(join(workspace, 'SUMMARY.md'), 'utf8')).toContain('- pass verify: ')
      const lines = (await readFile(join(workspace, 'transcript.jsonl'), 'utf8')).split('\n').slice(0, -1)
      expect(lines.map((text) => JSON.parse(text).agent)).toEqual(lines.map(() => id))
    },
  }
}

/** The command line of a spawn. */
export function spawnLine({ agent }: World, name: string, ...options: string[]): string[] {
  return ['spawn', 'Task', '--name', name, ...options, ...agent]
}

/** An agent of a name of its own, that no kill can lose. */
export async function newAgent(
  { place, agent }: World,
  ledger: Ledger,
  name: string,
  ...options: string[]
): Promise<string> {
  ledger.spawns.push({ name, must: false })
  return place.spawn('Task', '--name', name, ...options, ...agent)
}

/** With the same key there is one agent, whoever is asked for it. */
export async function spawnAgain({ world, name }: Stage, ...options: string[]): Promise<void> {
  const line = spawnLine(world, name, '--key', name, ...options)
  const [one, other] = await Promise.all([world.place.orch(...line), world.place.orch(...line)])
  expect(one).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^${name}-[a-z0-9]{4}\n$`)) })
  expect(other).toMatchObject({ code: 0, stdout: one.stdout })
}

async function sendAgain({ world, ledger, name, shared }: Stage): Promise<void> {
  const text = `<again ${name}>`
  const { receipt } = await world.place.json<SendDocument>('send', shared, text)
  expect(['confirmed', 'queued', 'accepted']).toContain(receipt.delivery)
  ledger.messages.push({ id: shared, text, sure: true })
}
