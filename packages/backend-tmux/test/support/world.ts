import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TmuxOptions, tmux } from '@orch/backend-tmux'
import {
  type AgentRef,
  type Backend,
  type BackendHost,
  type CreateRequest,
  type Observation,
  type ProgramSpec,
  recheck,
} from '@orch/core'

/** A small program of `test/fixtures`. */
function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}

/** A program that node runs from `test/fixtures`. */
export function nodeProgram(
  name: string,
  args: readonly string[] = [],
  promptBy: ProgramSpec['promptBy'] = 'none',
): ProgramSpec & { readonly command: string } {
  return { name, command: process.execPath, args: [fixture(name), ...args], env: {}, promptBy }
}

/** A program of the system. */
export function systemProgram(
  command: string,
  args: readonly string[],
  promptBy: ProgramSpec['promptBy'] = 'none',
): ProgramSpec {
  return { name: command, command, args, env: {}, promptBy }
}

/** Looks until something is there; fails naming what never was. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const seen = await recheck(look, { timeoutMs: 15_000 })
  if (seen === undefined) throw new Error(`never: ${what}`)
  return seen
}

/** One temporary folder and one tmux server for one test. */
export class World {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'orch-t-'))
  readonly signal: AbortSignal = new AbortController().signal
  readonly host: BackendHost
  readonly backend: Backend
  #count = 0
  #frozen: number | null = null

  constructor(settings: { options?: TmuxOptions; env?: Record<string, string>; host?: Partial<BackendHost> } = {}) {
    for (const name of ['state', 'project', 'workspace']) mkdirSync(join(this.folder, name), { mode: 0o700 })
    const env = { ...process.env, FIXTURE_FOLDER: this.folder, ...settings.env }
    const stateDirectory = join(this.folder, 'state')
    this.host = { name: 'tmux', stateDirectory, namespace: randomName(), env, ...settings.host }
    this.backend = tmux(settings.options)(this.host)
  }

  get socket(): string {
    return (this.backend.target as { socket: string }).socket
  }

  request(program: ProgramSpec | null, overrides: Partial<CreateRequest> = {}): CreateRequest {
    this.#count += 1
    const id = overrides.id ?? `agent-${this.#count}-${randomName()}`
    const workspace = join(this.folder, 'workspace', id)
    mkdirSync(workspace, { recursive: true })
    return {
      id,
      title: 'a task',
      prompt: 'do it',
      project: join(this.folder, 'project'),
      directory: join(this.folder, 'project'),
      workspace,
      target: this.backend.target,
      program,
      programName: null,
      model: null,
      mode: null,
      permission: null,
      permissionRules: [],
      env: { ORCH_AGENT_ID: id, ORCH_WORKSPACE: workspace, ORCH_PROJECT: join(this.folder, 'project') },
      ...overrides,
    }
  }

  /** Creates an agent, as core does. */
  async create(program: ProgramSpec | null, overrides: Partial<CreateRequest> = {}): Promise<AgentRef> {
    const request = this.request(program, overrides)
    const { handle } = await this.backend.create(request, this.signal)
    const { id, target, directory } = request
    return { id, target, handle, directory, facts: null, attempts: [] }
  }

  async observe(agent: AgentRef): Promise<Observation> {
    const { observations } = await this.backend.observe([agent], this.signal)
    return observations[0] as Observation
  }

  /** The bytes that a fixture logged under this name. */
  logged(name: string): Buffer {
    return readFileSync(join(this.folder, name))
  }

  /** Waits until a fixture has logged at least so many bytes. */
  async loggedBytes(name: string, least: number): Promise<Buffer> {
    return eventually(`${least} bytes in ${name}`, () => {
      try {
        const bytes = this.logged(name)
        return bytes.length >= least ? bytes : undefined
      } catch {
        return undefined
      }
    })
  }

  /** The ids of living processes that a program wrote to a file of this name. */
  async pids(name: string, count: number): Promise<number[]> {
    return eventually(`${count} process ids in ${name}`, () => {
      try {
        const pids = this.logged(name).toString().trim().split('\n').map(Number)
        return pids.length === count && pids.every((pid) => pid > 0 && runs(pid)) ? pids : undefined
      } catch {
        return undefined
      }
    })
  }

  async lines(agent: AgentRef, last = 1000): Promise<string[]> {
    const { items } = await this.backend.read(agent, { last, before: null, raw: false }, this.signal)
    return items.map(({ text }) => text ?? '')
  }

  /** Waits until a line of output contains `text`. */
  async output(agent: AgentRef, text: string): Promise<void> {
    await eventually(
      `output ${JSON.stringify(text)}`,
      async () => (await this.lines(agent)).some((line) => line.includes(text)) || undefined,
    )
  }

  /** Runs a tmux command on this world's server, as a person would. */
  tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.socket, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  get serverPid(): number {
    return Number(this.tmux('display-message', '-p', '#{pid}'))
  }

  async killServer(): Promise<void> {
    const pid = this.#frozen ?? this.serverPid
    this.#frozen = null
    process.kill(pid, 'SIGKILL')
    await eventually('the end of the tmux server', () => !runs(pid) || undefined)
  }

  /** Stops the server, as `kill -STOP` does, until {@link World.thaw}. */
  freeze(): void {
    this.#frozen = this.serverPid
    process.kill(this.#frozen, 'SIGSTOP')
  }

  thaw(): void {
    if (this.#frozen !== null) process.kill(this.#frozen, 'SIGCONT')
    this.#frozen = null
  }

  /** What is still there of agents, but not of the server: processes, windows, and texts that were sent. */
  agentLeftovers(): string[] {
    const processes = this.leftovers().filter((line) => !line.includes(`-S ${this.socket}`))
    return [...processes, ...this.windows(), ...this.buffers()]
  }

  private buffers(): string[] {
    return this.listed('list-buffers', '-F', 'buffer #{buffer_name}')
  }

  private windows(): string[] {
    return this.listed('list-panes', '-a', '-F', '#{window_id} #{@orch_agent_id}').filter((line) =>
      /^@\d+ \S/.test(line),
    )
  }

  /** The lines of an answer; none when no server runs. */
  private listed(...args: string[]): string[] {
    try {
      return this.tmux(...args)
        .split('\n')
        .filter(Boolean)
    } catch {
      return []
    }
  }

  /** Processes of this world that still run: its agents' and its tmux server's. */
  leftovers(): string[] {
    return livingProcesses()
      .filter(({ environ, command }) => environ.includes(this.folder) || command.includes(this.folder))
      .map(({ pid, command }) => `${pid} ${command}`)
  }

  /** Ends everything of this world at once, as the loss of power does. */
  switchOff(): void {
    for (const line of this.leftovers()) tryKill(Number.parseInt(line, 10))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.close()
    for (let left = this.leftovers(); left.length > 0; left = this.leftovers()) {
      for (const line of left) tryKill(Number.parseInt(line, 10))
      await eventually(
        'the end of what the test started',
        () => left.every((line) => !runs(Number.parseInt(line, 10))) || undefined,
      )
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Whether a process runs; a zombie does not. */
export function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}

function randomName(): string {
  return Math.random().toString(36).slice(2).padEnd(12, '0').slice(0, 12)
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function livingProcesses(): { pid: number; environ: string; command: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).flatMap((pid) => {
    if (pid === process.pid || !runs(pid)) return []
    try {
      const [environ, command] = ['environ', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1'))
      return [{ pid, environ: environ as string, command: (command as string).replaceAll('\0', ' ') }]
    } catch {
      return []
    }
  })
}
