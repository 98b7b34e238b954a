import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Scope } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import type { Backend, BackendFactory } from '../../src/backend.ts'
import type { TailLine } from '../../src/documents.ts'
import { createMemoryServer, type MemoryOptions, type MemoryServer, memory } from '../../src/memory/index.ts'
import type { OrchOptions } from '../../src/orchestrator/options.ts'
import { type Orch, openOrch } from '../../src/orchestrator/orch.ts'
import type { AgentRecord } from '../../src/registry/record.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { record } from './values.ts'

/** How {@link Place.open} opens orch. */
export interface PlaceOptions extends OrchOptions {
  /** Knobs of the memory backend. */
  readonly memory?: MemoryOptions
  /** Puts another backend in the place of the memory backend. */
  readonly wrap?: (backend: Backend) => Backend
}

/** A project, a user's state folder and a memory server of one test. */
export interface Place {
  readonly folder: string
  readonly project: string
  readonly state: string
  readonly env: Readonly<Record<string, string>>
  readonly server: MemoryServer
  /** Opens orch as another process would: with clients of its own, on the same server and records. */
  open(options?: PlaceOptions): Promise<Orch>
  /** Opens orch and spawns an agent with this task. */
  spawn(task: string, options?: PlaceOptions): Promise<{ readonly orch: Orch; readonly id: string }>
  /** The file of a record. */
  recordFile(id: string): string
}

/** Makes a place that `scope` takes away again. */
export async function createPlace(scope: Scope): Promise<Place> {
  const { path: folder } = await scope.use(temporaryFolder())
  const project = join(folder, 'project')
  mkdirSync(project)
  const env = { HOME: join(folder, 'home'), PATH: process.env.PATH ?? '' }
  const state = join(folder, 'home', '.local', 'state', 'orch')
  const server = createMemoryServer({ directory: join(folder, 'server') })
  const open = async ({ memory: knobs, wrap, ...options }: PlaceOptions = {}): Promise<Orch> => {
    const factory = memory({ deadlineMs: 200, server, ...knobs })
    const backends: Record<string, BackendFactory> = { memory: (host) => (wrap ?? ((one) => one))(factory(host)) }
    const orch = await openOrch({ directory: project, env, backends, requestTimeoutMs: 5_000, ...options })
    scope.defer(() => orch.close())
    return orch
  }
  return {
    folder,
    project,
    state,
    env,
    server,
    open,
    spawn: async (task, options) => {
      const orch = await open(options)
      return { orch, id: (await spawn(orch, { task })).agent.id }
    },
    recordFile: (id) => join(state, 'agents', `${id}.jsonl`),
  }
}

/** A record of this place, as a spawn that was interrupted leaves it. */
export function interrupted(orch: Orch, fields: Partial<AgentRecord> = {}): AgentRecord {
  const id = fields.id ?? 'half-made-7k3q'
  const { project } = orch
  const workspace = join(project, '.orch', 'workspace', id)
  const base = {
    id,
    project,
    directory: project,
    workspace,
    lifecycle: 'spawning',
    handle: null,
    beginAt: null,
  } as const
  return record({ ...base, ...fields })
}

/** Everything a stream says. */
export async function collect(lines: AsyncIterable<TailLine>): Promise<TailLine[]> {
  const all: TailLine[] = []
  for await (const line of lines) all.push(line)
  return all
}
