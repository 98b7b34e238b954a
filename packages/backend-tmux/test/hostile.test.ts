import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { tmux } from '@orch/backend-tmux'
import {
  type AgentRef,
  type Backend,
  type CreateRequest,
  type CreateResult,
  isOrchError,
  type ProgramSpec,
} from '@orch/core'
import { createRandom } from '../../../tests/kill/support/random.ts'
import { nodeProgram, systemProgram, World } from './support/world.ts'

const SEED = Number(process.env.ORCH_SEED ?? Date.now() % 1_000_000)
const ROUNDS = 5

/** What has a meaning to tmux, to its formats, to a shell, to a terminal, to orch or to the wrapper. */
const PIECES = [
  ...['#(touch TRAP)', '#{pid}', '#{l:x}', '#[fg=red]', '##', '#', '%', '%H%M', '%if 1', '%0', '@1', '=orch:'],
  ...[';', '\\;', ' ; ', '{ kill-server }', '; kill-server ;', 'kill-server', 'C-c', 'Enter', '-t', '--', '-'],
  ...[
    '$(touch TRAP)',
    '`touch TRAP`',
    '| touch TRAP',
    '\ntouch TRAP\n',
    '$HOME',
    '~',
    '*',
    '?',
    '!!',
    "'",
    '"',
    '\\',
    '&',
  ],
  ...[
    '\n',
    '\t',
    '\r',
    '\u001b',
    '\u001b[201~',
    '\u0003',
    '\u0004',
    '\0',
    '\u007f',
    '\u009b',
    '\n+',
    '\nE',
    '\nA\n.',
    '.',
  ],
  ...[
    'é',
    '漢',
    '\u{1F984}',
    'e\u0301',
    '\u202e',
    '\ufeff',
    '\ud800',
    ' ',
    '',
    'x',
    'x'.repeat(3_000),
    '../',
    '/',
    ':',
    '=',
  ],
]

/** Names that mean something to a shell or to the wrapper. (Such a value of LC_ALL ends node itself by SIGSEGV.) */
const NAMES = [
  ...['start', 'exit', 'line', 'kind', 'value', 'code', 'how', 'rest', 'orch_line', 'events', 'run', 'x', '_x', '__'],
  ...[
    'IFS',
    'PS4',
    'ENV',
    'CDPATH',
    'OPTARG',
    'OPTIND',
    'PPID',
    'UID',
    'LINENO',
    'RANDOM',
    'SECONDS',
    'MAILCHECK',
    'PWD',
  ],
  ...['BASH_ENV', 'BASHOPTS', 'HISTSIZE', 'FUNCNAME', 'TMOUT', 'OLDPWD', 'SHELL', 'TMPDIR', 'POSIXLY_CORRECT'],
  ...['ORCH_TMUX_RUN', 'ORCH_TMUX_PROGRAM', 'ORCH_TMUX_LOGS', 'ORCH_AGENT_ID', 'TMUX', 'TMUX_PANE'],
]

/** One repeatable run of hostile values; each must arrive as it is or be refused. */
class Attack {
  readonly #random: (limit: number) => number
  readonly #trap: string

  constructor(seed: number, trap: string) {
    this.#random = createRandom(seed)
    this.#trap = trap
  }

  pick<T>(values: readonly T[]): T {
    return values[this.#random(values.length)] as T
  }

  text(): string {
    const pieces = Array.from({ length: 1 + this.#random(4) }, () => this.pick(PIECES))
    return pieces.join('').replaceAll('TRAP', this.#trap)
  }

  name(): string {
    return this.#random(3) === 0 ? this.text() : this.pick(NAMES)
  }

  /** A folder of that name; a short one, for the system takes no other. */
  folder(parent: string): string {
    for (;;) {
      const name = this.text()
        .replaceAll(/[/\0\ud800]/g, '_')
        .slice(0, 60)
      if (name === '' || name === '.' || name === '..') continue
      const path = join(parent, name)
      mkdirSync(path, { recursive: true, mode: 0o700 })
      return path
    }
  }
}

/** What no shell can pass on, and what orch, the shell and the terminal say themselves. */
const NOT_PASSED = [
  ...['IFS', 'OPTIND', 'PPID', 'UID', 'BASHOPTS', 'OLDPWD', 'PWD', 'orch_line', 'ORCH_AGENT_ID'],
  ...['ORCH_TMUX_RUN', 'ORCH_TMUX_PROGRAM', 'ORCH_TMUX_LOGS', 'TMUX', 'TMUX_PANE'],
]

function isUnpassable(texts: readonly string[]): boolean {
  return texts.some((text) => /[\0\ud800]/.test(text))
}

function mustArrive([name, value]: readonly [string, string]): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !NOT_PASSED.includes(name) && !isUnpassable([value])
}

/** The world's server with a neighbour in it that nothing may happen to. */
class Siege {
  readonly backend: Backend
  readonly #world: World
  readonly #attack: Attack
  #agent: AgentRef | null = null
  #typed = ''

  constructor(world: World, attack: Attack) {
    this.#world = world
    this.#attack = attack
    this.backend = tmux()({ ...world.host, stateDirectory: attack.folder(join(world.folder, 'state')) })
  }

  /** The agent; `null` when it was refused, before anything was made of it. */
  async create(program: ProgramSpec, overrides: Partial<CreateRequest>): Promise<AgentRef | null> {
    const request = { ...this.#world.request(program), target: this.backend.target, ...overrides }
    const made = await this.backend.create(request, this.#world.signal).catch((error: unknown) => error)
    if (isOrchError(made) && made.code === 'CREATE_FAILED' && made.outcome === 'none') return null
    if (made instanceof Error) throw made
    const { handle } = made as CreateResult
    const { id, target, directory } = request
    return { id, target, directory, handle, facts: null, attempts: [] }
  }

  /** A program with hostile arguments, task, title, directory and variables, which sees them as they are. */
  async spawn(name: string): Promise<void> {
    const [attack, world] = [this.#attack, this.#world]
    const args = [attack.text(), attack.text(), attack.text()]
    const env = Object.fromEntries(Array.from({ length: 6 }, () => [attack.name(), attack.text()]))
    const directory = attack.folder(join(world.folder, 'project'))
    const [prompt, title] = [attack.text(), attack.text()]
    const program = { ...nodeProgram('report.mjs', [name, ...args], 'argument'), env }
    const agent = await this.create(program, { prompt, title, directory })
    expect({ args, prompt, refused: agent === null }).toEqual({
      args,
      prompt,
      refused: isUnpassable([...args, prompt]),
    })
    if (agent === null) return
    const report = JSON.parse((await world.loggedBytes(name, 2)).toString()) as { env: Record<string, string> }
    expect(report).toMatchObject({ args: [...args, prompt], directory })
    for (const [key, value] of Object.entries(env).filter(mustArrive))
      expect({ [key]: report.env[key] }).toEqual({ [key]: value })
    expect(await this.backend.stop(agent, world.signal)).toMatchObject({ proven: true })
  }

  /** An id that is none is refused; one that looks hostile and is one is an agent like any other. */
  async name(): Promise<void> {
    const id = this.#attack.text()
    const agent = await this.create(systemProgram('cat', []), { id })
    expect([id, agent !== null]).toEqual([id, /^[A-Za-z0-9][\w-]{0,199}$/.test(id)])
    if (agent !== null) expect(await this.backend.stop(agent, this.#world.signal)).toMatchObject({ proven: true })
  }

  async send(): Promise<void> {
    const agent = await this.#neighbour()
    const text = this.#attack.text()
    const { delivery } = await this.backend.send(agent, { id: 'm', text }, this.#world.signal)
    expect(['accepted', 'refused']).toContain(delivery)
    if (delivery === 'accepted') this.#typed += `\u001b[200~${text}\u001b[201~\r`
  }

  async #neighbour(): Promise<AgentRef> {
    if (this.#agent !== null) return this.#agent
    const agent = (await this.create(nodeProgram('raw-log.mjs', ['log', 'bracketed']), {})) as AgentRef
    await this.#world.output(agent, 'READY')
    this.#agent = agent
    return agent
  }

  /** The neighbour lives, and got exactly what it was sent. */
  async endure(): Promise<void> {
    const agent = await this.#neighbour()
    expect((await this.#world.loggedBytes('log', Buffer.byteLength(this.#typed))).toString()).toBe(this.#typed)
    const { observations } = await this.backend.observe([agent], this.#world.signal)
    expect(observations[0]).toMatchObject({ existence: { value: 'present' }, process: { value: { alive: true } } })
  }
}

describe.each([SEED, SEED + 1, SEED + 2])('hostile values, with ORCH_SEED=%d', (seed) => {
  it('arrive as they are or are refused, run nothing, and take no other agent along', async () => {
    await using world = new World()
    const trap = join(world.folder, 'executed')
    const siege = new Siege(world, new Attack(seed, trap))
    for (let round = 0; round < ROUNDS; round += 1) {
      await siege.send()
      await siege.spawn(`report-${round}`)
      await siege.name()
    }
    await siege.send()
    await siege.endure()
    expect(existsSync(trap)).toBe(false)
  })
})
