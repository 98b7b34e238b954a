import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Agent } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { gitRepository } from '../../harness/git-repository.ts'
import { type OpenCodeEnvironmentOptions, openCodeEnvironment } from '../../harness/open-code-environment.ts'
import { type OrchOptions, type OrchProcess, type OrchRun, orch, startOrch } from '../../harness/orch.ts'
import { killProcesses, type ProcessInfo, processesWithEnvironment } from '../../harness/processes.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { type TmuxServer, tmuxServer } from '../../harness/tmux-server.ts'
import { wholeLines } from '../../harness/whole-lines.ts'

/** A home, a state folder and a project of one test: orch and all its agents live in there. */
export interface Place extends AsyncDisposable {
  /** The complete environment of everything that is started. */
  env: Record<string, string>
  /** A real git repository with one commit. */
  project: string
  /** Orch's own state folder. */
  state: string
  /** The tmux server of this state folder, if orch started one. */
  tmux: TmuxServer
  /** Runs orch in the project, to its end. */
  orch(...args: string[]): Promise<OrchRun>
  /** Runs orch with more variables, another directory, something on stdin, or a file loaded before it. */
  orchWith(options: Partial<OrchOptions>, ...args: string[]): Promise<OrchRun>
  /** Runs orch with `--json` and resolves to its document and exit code; rejects when stderr holds anything. */
  json<T extends object = Record<string, unknown>>(...args: string[]): Promise<T & { code: number }>
  /** Starts orch in the project; it is ended with the place. */
  start(...args: string[]): Promise<OrchProcess>
  /** Spawns an agent and resolves to its id, proving that stdout was exactly that. */
  spawn(task: string, ...args: string[]): Promise<string>
  /** The agent as `status` shows it now; ended ones too. */
  agent(id: string): Promise<Agent>
  /** Writes a file below the project. */
  write(path: string, text: string): Promise<string>
  /** Every living process that carries the place's mark, or belongs to its tmux server. */
  processes(): Promise<ProcessInfo[]>
  /** Living processes that were started for this agent, by its id in their environment. */
  processesOf(id: string): Promise<ProcessInfo[]>
}

const MARK = 'ORCH_TEST_MARK'

/**
 * A place whose default backend is tmux.
 * @param project name of the project's folder, or its absolute path
 */
export async function tmuxPlace(env: Record<string, string> = {}, project = 'project'): Promise<Place> {
  const folder = await temporaryFolder()
  const home = join(folder.path, 'home')
  await mkdir(home, { mode: 0o700 })
  const own = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_STATE_HOME: join(home, 'state'),
    LANG: 'C.UTF-8',
    ORCH_BACKEND: 'tmux',
    [MARK]: randomUUID(),
    ...env,
  }
  return createPlace(own, await gitRepository(resolve(folder.path, project)), folder.remove)
}

/** A place whose default backend is OpenCode, with the scripted model and nothing else to reach. */
export async function openCodePlace(options: OpenCodeEnvironmentOptions): Promise<Place> {
  const environment = await openCodeEnvironment({ ...options, env: { ORCH_BACKEND: 'opencode', ...options.env } })
  const project = await gitRepository(join(environment.directory, 'repository'))
  return createPlace(environment.env, project, async () => environment[Symbol.asyncDispose]())
}

function createPlace(env: Record<string, string>, project: string, remove: () => Promise<void>): Place {
  const state = join(env.XDG_STATE_HOME as string, 'orch')
  const started: OrchProcess[] = []
  const place: Place = {
    env,
    project,
    state,
    tmux: tmuxServer(join(state, 'tmux', 's')),
    orch: (...args) => orch(args, { env, cwd: project }),
    orchWith: (options, ...args) => orch(args, { cwd: project, ...options, env: { ...env, ...options.env } }),
    async json<T extends object = Record<string, unknown>>(...args: string[]) {
      const run = await place.orch('--json', ...args)
      if (run.stdout !== '' && run.stderr === '' && run.json !== undefined)
        return { ...(run.json as T), code: run.code }
      const printed = `${run.stdout}${run.stderr}`.slice(0, 1000)
      throw new Error(`Cannot read a document of orch ${args.join(' ')}: exit code ${run.code}, ${printed}`)
    },
    async start(...args) {
      const process = await startOrch(args, { env, cwd: project })
      started.push(process)
      return process
    },
    async spawn(task, ...args) {
      const run = await place.orch('spawn', task, ...args)
      const id = /^([a-z0-9-]+)\n$/.exec(run.stdout)?.[1]
      if (run.code === 0 && run.stderr === '' && id !== undefined) return id
      throw new Error(`Cannot spawn: exit code ${run.code}, "${run.stdout}", "${run.stderr}"`)
    },
    async agent(id) {
      const { agents } = await place.json<{ agents: Agent[] }>('status', '--ended')
      const agent = agents.find((one) => one.id === id)
      if (agent) return agent
      throw new Error(`Cannot see the agent "${id}": status lists ${agents.map((one) => one.id).join(', ')}`)
    },
    async write(path, text) {
      const file = join(project, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
      return file
    },
    processes: () => processesOfPlace(env, state),
    processesOf: (id) => processesWithEnvironment('ORCH_AGENT_ID', id),
    async [Symbol.asyncDispose]() {
      for (const process of started) await process[Symbol.asyncDispose]()
      await eventually(
        async () => {
          const left = await processesOfPlace(env, state)
          await killProcesses(left)
          return left.length === 0
        },
        { what: 'the end of everything that was started in the place', timeoutMs: 60_000 },
      )
      await remove()
    },
  }
  return place
}

/** The tmux server and what it runs for itself carry no variable of the caller, but the folder of their logs. */
async function processesOfPlace(env: Record<string, string>, state: string): Promise<ProcessInfo[]> {
  const marked = await processesWithEnvironment(MARK, env[MARK])
  const ofTmux = await processesWithEnvironment('ORCH_TMUX_LOGS', join(state, 'tmux', 'logs'))
  return [...new Map([...marked, ...ofTmux].map((info) => [info.pid, info])).values()]
}

/** The messages that an agent of `programs/agent.mjs` got, in order. */
export async function receivedBy(place: Place, id: string): Promise<string[]> {
  const file = join(place.project, '.orch', 'workspace', id, 'received.jsonl')
  const text = await readFile(file, 'utf8').catch(() => '')
  return wholeLines(text).map((line) => JSON.parse(line) as string)
}
