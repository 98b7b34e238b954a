import { readdir } from 'node:fs/promises'
import { expect } from '@jest/globals'
import type { ResumeDocument, StatusDocument } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { git } from '../../harness/git-repository.ts'
import { programFile } from '../../stories/support/program.ts'
import { type Scenario, type Stage, spawnAgain, spawnLine } from './scenarios.ts'

/** What only agents in tmux can go through: a program of their own that ends, and a conversation that does not. */
export const TMUX_SCENARIOS: readonly Scenario[] = [
  {
    name: 'spawn with a worktree and a key',
    at: /^worktree-(added|set)/,
    atOnce: 6,
    async prepare({ world, ledger, name }) {
      ledger.spawns.push({ name, must: true })
      return spawnLine(world, name, '--key', name, '--worktree')
    },
    async after(stage) {
      await spawnAgain(stage, '--worktree')
      const { place } = stage.world
      const { agents } = await place.json<StatusDocument>('status')
      const [agent] = agents.filter(({ id }) => id.startsWith(`${stage.name}-`))
      const files = await readdir(agent?.directory as string)
      expect(files).toEqual(expect.arrayContaining(['README.md', 'linked.txt', 'set-up.txt']))
      expect(await git(agent?.directory as string, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe(`orch/${agent?.id}`)
    },
  },
  {
    name: 'resume of an agent whose program was killed',
    async prepareAll({ world }) {
      const args = [programFile('conversation.mjs')]
      const claude = { command: process.execPath, args, promptBy: 'argument' }
      return await world.place.write('.orch/config.json', JSON.stringify({ programs: { claude } }))
    },
    at: /^(resume|tmux|claim|attempt|message)-/,
    async prepare(stage) {
      const id = await agentWithoutProgram(stage)
      stage.ledger.messages.push({ id, text: `<${stage.name}>`, sure: false })
      return ['resume', id, '-m', `<${stage.name}>`]
    },
    async after({ world, ledger, name }) {
      const id = ledger.messages.find(({ text }) => text === `<${name}>`)?.id as string
      const text = `<again ${name}>`
      await eventually(
        async () => {
          const { results } = await world.place.json<ResumeDocument>('resume', id, '-m', text)
          if (results[0]?.ok !== true) throw new Error(JSON.stringify(results))
          return true
        },
        { timeoutMs: 20_000, intervalMs: 250, what: 'an agent that goes on' },
      )
      ledger.messages.push({ id, text, sure: true })
    },
  },
]

/** An agent with a conversation, whose program `kill -9` ended. */
async function agentWithoutProgram({ world: { place }, ledger, name }: Stage): Promise<string> {
  ledger.spawns.push({ name, must: true })
  const id = await place.spawn('Task', '--name', name, '--program', 'claude')
  expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ outcome: 'met' })
  const program = (await place.processesOf(id)).find(({ argv }) => argv.includes(programFile('conversation.mjs')))
  process.kill(program?.pid as number, 'SIGKILL')
  expect(await place.json('wait', id, '--until', 'failed')).toMatchObject({ outcome: 'met' })
  return id
}
