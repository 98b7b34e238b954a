import { type ChildProcess, spawn as startProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Backend, CreateRequest } from '../backend.ts'
import { openOrch } from '../orchestrator/orch.ts'
import { spawn } from '../spawn/spawn.ts'
import type { CaseContext } from './case.ts'
import { ContractFailure } from './check.ts'
import type { Elsewhere } from './world.ts'

/** What a process of {@link spawnAtOnce} is told on its standard input. */
export interface SpawnOrder {
  readonly elsewhere: Elsewhere
  readonly project: string
  readonly home: string
  readonly task: string
  readonly key: string
  readonly program: string | null
}

/**
 * Spawns under one key from `times` orch processes at once, with a registry of their own, and returns the ids that
 * they were given. Where the world's server lives in this process, as many clients of it stand for the processes.
 */
export async function spawnAtOnce(t: CaseContext, times: number, task: string): Promise<readonly string[]> {
  const home = mkdtempSync(join(tmpdir(), 'orch-contract-'))
  try {
    const { project, program } = t.world.request()
    configure(home, program)
    const common = { project, home, task, key: 'one', program: program?.name ?? null }
    const { elsewhere } = t.world
    if (elsewhere !== null) return await fromProcesses(times, { ...common, elsewhere })
    const clients = await Promise.all(Array.from({ length: times }, () => t.open()))
    return await Promise.all(clients.map((client) => spawnOne(common, () => client)))
  } finally {
    rmSync(home, { recursive: true })
  }
}

/** One spawn as any embedder does it, on the backend that `open` returns. */
export async function spawnOne(order: Omit<SpawnOrder, 'elsewhere'>, open: () => Backend): Promise<string> {
  const { project, home, task, key, program } = order
  const env = { ...process.env, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home }
  const orch = await openOrch({ directory: project, env, backends: { contract: open }, backend: 'contract' })
  const { agent } = await spawn(orch, { task, key, ...(program !== null && { program }) })
  await orch.close()
  return agent.id
}

function configure(home: string, program: CreateRequest['program']): void {
  mkdirSync(join(home, 'orch'), { mode: 0o700 })
  const { name = '', ...spec } = program ?? {}
  const programs = program === null ? {} : { [name]: spec }
  writeFileSync(join(home, 'orch', 'config.json'), JSON.stringify({ programs }))
}

/** The processes start first, and then all go on at once. */
async function fromProcesses(times: number, order: SpawnOrder): Promise<readonly string[]> {
  const script = fileURLToPath(new URL(`spawn-process${extname(import.meta.url)}`, import.meta.url))
  const { env, nodeArguments } = order.elsewhere
  const started = Array.from({ length: times }, () => startOne([...nodeArguments, script], env))
  await Promise.all(started.map(({ ready }) => ready))
  for (const { child } of started) child.stdin?.end(JSON.stringify(order))
  return Promise.all(started.map(({ printed }) => printed))
}

interface Started {
  readonly child: ChildProcess
  readonly ready: Promise<unknown>
  readonly printed: Promise<string>
}

function startOne(args: readonly string[], env: Elsewhere['env']): Started {
  const child = startProcess(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const read: string[] = []
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (text) => read.push(text))
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text))
  const ended = once(child, 'close')
  const printed = ended.then(([code]) => {
    if (code === 0) return read.join('').trim().split('\n').at(-1) ?? ''
    throw new ContractFailure(`a process of twenty that spawn at once ended with ${code}: ${complaint.slice(0, 2_000)}`)
  })
  printed.catch(() => {})
  return { child, ready: Promise.race([once(child.stdout, 'data'), ended]), printed }
}
