import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createJsonlRegistry, NO_REPORT } from '@orch/core'
import { type AgentPlace, agentPlace, openCodeInTmuxPlace } from '../../../../tests/agents/support/agent-place.ts'
import { eventually } from '../../../../tests/harness/eventually.ts'
import type { ProcessInfo } from '../../../../tests/harness/processes.ts'
import { TmuxClient } from '../../src/client/tmux.ts'
import type { Context } from '../../src/context.ts'
import { sightAgents } from '../../src/observe.ts'
import { completeOptions } from '../../src/options.ts'
import { pathsFor } from '../../src/paths.ts'
import { type Situation, situationOf } from './situation.ts'
import type { Recordable } from './story.ts'

/** A real program in a place of its own, and what a scene does with it. Nothing here asks orch for a state. */
export interface Stage extends AsyncDisposable, Pick<AgentPlace, 'model' | 'place'> {
  readonly program: Recordable
  /** Spawns the agent of the scene. */
  spawn(task: string, ...args: readonly string[]): Promise<void>
  /** The id of that agent. */
  id(): string
  /** Types a message into its window as a person does. */
  say(text: string): Promise<void>
  press(...keys: readonly string[]): Promise<void>
  /** Resolves when it asks for a permission: Codex shows only that a hook runs, for longer than any other does. */
  asks(): Promise<unknown>
  /** Says yes until it is taken: a dialog passes over keys for a moment after it opened, and Codex shows none. */
  agree(isTaken: () => boolean): Promise<unknown>
  /** Resolves when its model waits at `[[hold: name]]`. */
  holds(name: string): Promise<unknown>
  /** Resolves when its window shows this. */
  shows(what: RegExp): Promise<unknown>
  /** Resolves when its model was asked for what was said last, and nothing of its window or its model changes any more. */
  rests(): Promise<unknown>
  screen(): Promise<string>
  /** Resolves when this file is in the project. */
  made(file: string): Promise<unknown>
  /** Resolves when the agent program's process has ended, and whatever waited for it. */
  gone(): Promise<unknown>
  /** Sends the agent program a signal that ends it. */
  end(signal: NodeJS.Signals): Promise<unknown>
  /** The agent program's own process. */
  process(): Promise<ProcessInfo>
  /** Everything that one look sees of the agent now. */
  sight(): Promise<Situation>
}

/** What a window shows while its program asks for a permission. */
const ASKS = /Do you want to proceed\?|Running hook|Permission required/

/** How long a window must stay the same to be at rest, in milliseconds. */
const REST_MS = 1200

/** Makes a stage; disposing it ends everything that ran on it. */
export async function createStage(program: Recordable): Promise<Stage> {
  const command = program === 'opencode-run' ? 'opencode' : program
  const agents = await (command === 'opencode' ? openCodeInTmuxPlace() : agentPlace())
  const { model, place } = agents
  let id = ''
  let asked = 0
  const target = (): readonly string[] => ['-t', `orch:=${id}`]
  const paneIs = (): Promise<string> => place.tmux.tmux('display-message', '-p', ...target(), '#{pane_dead}')
  const paste = async (text: string): Promise<void> => {
    await place.tmux.tmux('set-buffer', '-b', 'said', text)
    await place.tmux.tmux('paste-buffer', '-p', '-d', '-b', 'said', ...target())
  }
  const agreeOnce = (): Promise<unknown> =>
    program === 'codex' ? place.orch('answer', id, '--allow') : stage.press('Enter')
  const stage: Stage = {
    program,
    model,
    place,
    async spawn(task, ...args) {
      id = await place.spawn(task, '--program', program, '--name', 'agent', ...args)
    },
    id: () => id,
    async say(text) {
      asked = text.startsWith('/') ? asked : model.requests.length
      if (text.startsWith('/')) await place.tmux.tmux('send-keys', ...target(), '-l', text)
      else await paste(text)
      const begin = text.slice(0, 12)
      await eventually(async () => (await stage.screen()).includes(begin), { what: `"${begin}" in its window` })
      await place.tmux.tmux('send-keys', ...target(), 'Enter')
    },
    async press(...keys) {
      await place.tmux.tmux('send-keys', ...target(), ...keys)
    },
    async asks() {
      let count = 0
      const again = async (): Promise<boolean> => {
        count = ASKS.test(await stage.screen()) ? count + 1 : 0
        return count > (program === 'codex' ? 2 : 0)
      }
      await eventually(again, { what: 'a request', timeoutMs: 30_000, intervalMs: 300 })
    },
    agree: (isTaken) =>
      eventually(() => isTaken() || agreeOnce().then(() => false), {
        what: 'the end of the request',
        intervalMs: 500,
        timeoutMs: 30_000,
      }),
    holds: (name) => eventually(() => model.waiting().includes(name), { what: `"${name}" held`, timeoutMs: 30_000 }),
    shows: (what) =>
      eventually(async () => what.test(await stage.screen()), { what: `a window with ${what}`, timeoutMs: 30_000 }),
    async rests() {
      let before = ''
      const isSame = async (): Promise<boolean> => {
        const now = `${await stage.screen()}${model.requests.map(({ state }) => state)}`
        const isAnswered = model.requests.length > asked && !model.requests.some(({ state }) => state === 'open')
        const same = now === before && isAnswered
        before = now
        return same
      }
      await eventually(isSame, { what: 'rest', timeoutMs: 30_000, intervalMs: REST_MS })
    },
    screen: () => place.tmux.tmux('capture-pane', '-p', ...target()),
    async process() {
      const all = await place.processesOf(id)
      const found = all.find(({ argv }) => argv[0]?.endsWith(command) || argv[1]?.endsWith(command))
      if (found === undefined) throw new Error(`Cannot find ${program}: ${all.map(({ argv }) => argv[0]).join(', ')}`)
      return found
    },
    made: (file) =>
      eventually(() => existsSync(join(place.project, file)), { what: `the file "${file}"`, timeoutMs: 30_000 }),
    gone: () => eventually(async () => (await paneIs()) === '1', { what: 'the end', timeoutMs: 30_000 }),
    async end(signal) {
      process.kill((await stage.process()).pid, signal)
      await stage.gone()
    },
    sight: () => sight(place, id),
    [Symbol.asyncDispose]: () => agents[Symbol.asyncDispose](),
  }
  return stage
}

async function sight({ state, env }: AgentPlace['place'], id: string): Promise<Situation> {
  const registry = createJsonlRegistry(state)
  const stored = await registry.get(id)
  if (stored === null) throw new Error(`Cannot find the record of "${id}"`)
  const { record } = stored
  const namespace = (record.handle as { run: string }).run.split('-')[0] as string
  const host = { name: 'tmux', stateDirectory: state, namespace, env }
  const paths = pathsFor(host, process.getuid?.() ?? 0)
  const tmux = new TmuxClient({ command: 'tmux', env, logs: paths.logs })
  const context: Context = { host, options: completeOptions({}), paths, tmux }
  const { target, handle, directory, facts, attempts } = record
  const ref = { id, target, handle, directory, facts, attempts }
  const { signal } = new AbortController()
  const { sightings } = await sightAgents(context, [ref], { signal, explain: true })
  const [sighting] = sightings
  if (sighting === undefined) throw new Error(`Cannot see "${id}"`)
  return situationOf(sighting, record, NO_REPORT)
}
