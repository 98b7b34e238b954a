import { cp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tmux } from '@orch/backend-tmux'
import {
  type AgentRecord,
  createAgentId,
  type Orch,
  openOrch,
  type StatusDocument,
  type StoredRecord,
  spawn,
} from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { type Place, tmuxPlace } from '../../stories/support/place.ts'
import type { Stand } from './bench.ts'
import { type TimedRun, timeProcess } from './timed-process.ts'

/** A place whose agents are real windows of a real tmux server. */
export interface TmuxStand {
  readonly place: Place
  readonly socket: string
  /** Ids of its agents, oldest first. */
  readonly ids: readonly string[]
  /** The standing of every process that is measured here. */
  readonly options: { readonly env: Record<string, string>; readonly cwd: string }
  /** Runs the installed orch to its end. */
  orch(...args: readonly string[]): Promise<TimedRun>
  /** Adds agents until there are so many, and proves that `status` shows all of them as alive. */
  growTo(count: number): Promise<void>
  /** Adds one agent that runs one of the programs, and resolves to its id. */
  add(task: string, program: string): Promise<string>
  /** Where everything that an agent prints is written to. */
  logOf(id: string): Promise<string>
  /** Where what the program of an agent tells is written to. */
  eventsOf(id: string): Promise<string>
  /** Makes it as if this agent had never been. */
  forget(id: string): Promise<void>
  /** Ends it before the bench does. */
  end(): Promise<void>
}

/** Prints 200 lines, then says again what it is told; takes its task as an argument, as the agent programs do. */
export const PROGRAM = { command: 'sh', args: ['-c', 'seq 200; exec cat', 'agent'], promptBy: 'argument' } as const

/** Programs beside the quiet one, and which of them the agents run. */
export interface TmuxStandOptions {
  readonly programs: Readonly<Record<string, object>>
  readonly program: string
}

/** An empty place with a tmux server and a program that does next to nothing. */
export async function tmuxStand(
  stand: Stand,
  { programs, program }: TmuxStandOptions = { programs: {}, program: 'quiet' },
): Promise<TmuxStand> {
  const place = await tmuxPlace()
  stand.scope.defer(() => self.end())
  await place.write('.orch/config.json', JSON.stringify({ programs: { quiet: PROGRAM, ...programs } }))
  const orch = await openOrch({ directory: place.project, env: place.env, backends: { tmux: tmux() } })
  const ids: string[] = []
  const options = { env: place.env, cwd: place.project }
  const self: TmuxStand = {
    place,
    socket: join(place.state, 'tmux', 's'),
    ids,
    options,
    orch: (...words) => timeProcess(stand.orch.argv(...words), options),
    async growTo(count) {
      if (count > ids.length) stand.progress(`making ${count - ids.length} tmux agents`)
      if (count > 0 && ids.length === 0) await self.add('Wait', program)
      ids.push(...(await addLike(orch, ids[0], count - ids.length, stand.signal)))
      const isThere = async (): Promise<boolean> => {
        const { counts } = JSON.parse((await self.orch('status', '--json')).stdout) as StatusDocument
        return counts.running + counts.idle + counts.working === count
      }
      await eventually(isThere, { timeoutMs: 60_000, intervalMs: 250, what: `${count} agents that are alive` })
    },
    async add(task, program) {
      const { agent } = await spawn(orch, { task, program })
      ids.push(agent.id)
      return agent.id
    },
    logOf: async (id) => (await handleOf(orch, id)).log,
    eventsOf: async (id) => (await handleOf(orch, id)).events,
    async forget(id) {
      await place.tmux.tmux('kill-window', '-t', `=orch:=${id}`)
      await rm(join(place.state, 'agents', `${id}.jsonl`))
      await rm(join(place.project, '.orch/workspace', id), { recursive: true })
    },
    async end() {
      await orch.close()
      await endServer(place)
      await place[Symbol.asyncDispose]()
    },
  }
  return self
}

async function handleOf({ registry }: Orch, id: string): Promise<{ readonly log: string; readonly events: string }> {
  const { record } = (await registry.get(id)) as StoredRecord
  return record.handle as { readonly log: string; readonly events: string }
}

/** The server needs seconds to hang up 1000 windows. */
async function endServer(place: Place): Promise<void> {
  await place.tmux.tmux('kill-server').catch(() => {})
  const isOver = async (): Promise<boolean> => (await place.processes()).length === 0
  await eventually(isOver, { timeoutMs: 120_000, intervalMs: 250, what: 'the end of the tmux server and its windows' })
}

/** Makes so many agents like one that was spawned, three at a time: tmux makes one window after the other. */
async function addLike(orch: Orch, like: string | undefined, count: number, signal: AbortSignal): Promise<string[]> {
  if (like === undefined) return []
  const { record } = (await orch.registry.get(like)) as StoredRecord
  const ids = Array.from({ length: count }, (_, index) => createAgentId(`wait ${index}`))
  const left = [...ids]
  const add = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      signal.throwIfAborted()
      await addAgent(orch, { ...record, id })
    }
  }
  const ends = await Promise.allSettled([add(), add(), add()])
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return ids
}

/**
 * An agent such as a spawn leaves it: its record with both events, its workspace, and the window that the backend
 * makes. What a spawn looks at besides is left out, so that 1000 take less than a minute.
 */
async function addAgent(orch: Orch, like: AgentRecord): Promise<void> {
  const { id, task, project, directory, target, handle: _, programSpec } = like
  const workspace = join(dirname(like.workspace), id)
  const record = { ...like, workspace, spawnedAt: new Date().toISOString() }
  await orch.registry.create({ ...record, lifecycle: 'spawning', handle: null, beginAt: null, prompt: null })
  await cp(like.workspace, workspace, { recursive: true })
  const backend = await orch.backend(like.backend)
  const request = {
    ...{ id, title: task, prompt: task, project, directory, workspace, target, program: programSpec },
    ...{ programName: null, model: null, mode: null, permission: null, permissionRules: [] },
    env: { ORCH_AGENT_ID: id, ORCH_WORKSPACE: workspace, ORCH_PROJECT: project },
  }
  const made = await backend.create(request, new AbortController().signal)
  const set = { handle: made.handle, beginAt: record.spawnedAt, lifecycle: 'active', prompt: made.receipt } as const
  await orch.registry.append(id, 1, { type: 'placed', set })
}
