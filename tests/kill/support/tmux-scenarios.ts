import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
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
  {
    name: 'adopt of a pane',
    at: /^(adopt|tmux-adopting)/,
    async prepareAll({ world }) {
      const socket = join(world.place.env.HOME as string, 'user-tmux')
      const keeper = ['new-session', '-d', '-s', 'person', 'exec cat']
      await promisify(execFile)('tmux', ['-S', socket, '-f', '/dev/null', ...keeper], {
        env: world.place.env,
        cwd: world.place.project,
      })
      return socket
    },
    async prepare({ ledger, name, shared, world }) {
      const words = ['-S', shared, 'new-window', '-d', '-c', world.place.project, '-P', '-F', '#{pane_id}', 'exec cat']
      const { stdout } = await promisify(execFile)('tmux', words, { env: world.place.env })
      ledger.spawns.push({ name, must: false })
      panes.set(name, stdout.trim())
      return ['adopt', stdout.trim(), '--socket', shared, '--name', name]
    },
    async after({ world: { place }, ledger, name, shared }) {
      ledger.spawns.push({ name: `${name}-again`, must: false })
      const words = ['--socket', shared, '--name', `${name}-again`]
      const again = await place.orch('adopt', panes.get(name) as string, ...words)
      expect([0, 66, 73]).toContain(again.code)
      const { agents } = await place.json<StatusDocument>('status')
      const adopted = agents.filter(({ id, state }) => id.startsWith(`${name}-`) && state !== 'failed')
      expect(adopted.map(({ state, exit }) => [state, exit])).toEqual([['running', null]])
      expect(await place.orch('abandon', adopted[0]?.id as string)).toMatchObject({ code: 0 })
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

/** Which pane each run of an adoption takes over. */
const panes = new Map<string, string>()
