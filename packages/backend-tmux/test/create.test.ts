import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { tmux } from '@orch/backend-tmux'
import { eventually, nodeProgram, runs, systemProgram, World } from './support/world.ts'

interface Report {
  args: string[]
  env: Record<string, string>
  directory: string
  isTerminal: boolean
}

async function reportOf(world: World, name = 'report'): Promise<Report> {
  await world.loggedBytes(name, 2)
  return JSON.parse(world.logged(name).toString()) as Report
}

const files = (world: World, folder: string): string[] => {
  const path = join(world.host.stateDirectory, 'tmux', folder)
  return existsSync(path) ? readdirSync(path) : []
}

describe('create()', () => {
  it('makes one agent of eight calls at once for one id', async () => {
    await using world = new World()
    const request = world.request(systemProgram('cat', []))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => tmux()(world.host).create(request, world.signal)),
    )
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(refusals).toEqual(Array(7).fill('AGENT_EXISTS'))
    expect(await world.backend.find([world.backend.target], world.signal)).toHaveLength(1)
    expect(files(world, 'starts')).toEqual([])
    expect(files(world, 'logs')).toHaveLength(1)
  })

  it('starts one server for twelve agents at once', async () => {
    await using world = new World()
    const agents = await Promise.all(Array.from({ length: 12 }, () => world.create(systemProgram('cat', []))))
    const servers = new Set(agents.map(({ handle }) => JSON.stringify((handle as { server: unknown }).server)))
    expect(servers.size).toBe(1)
    expect(await world.backend.find([world.backend.target], world.signal)).toHaveLength(12)
  })

  it('gives the program the environment of the caller and of the request, and no other terminal', async () => {
    const secret = 'a "quoted" value\nof #(two) lines;\n+ and $HOME \\n é\n'
    const env = { SECRET: secret, TMUX: 'foreign', TMUX_PANE: '%9', TERM: 'dumb', LINES: '3', 'not-a-name': 'x' }
    await using world = new World({ env })
    const agent = await world.create({ ...nodeProgram('report.mjs', ['report']), env: { PROGRAM: 'its own' } })
    const { env: seen, directory, isTerminal } = await reportOf(world)
    expect(seen).toMatchObject({ SECRET: secret, PROGRAM: 'its own', ORCH_AGENT_ID: agent.id, PWD: agent.directory })
    expect(seen.PATH).toBe(process.env.PATH)
    expect(seen.HOME).toBe(process.env.HOME)
    expect(seen.TERM).toBe('screen-256color')
    for (const name of ['TMUX', 'TMUX_PANE', 'LINES', 'not-a-name', 'ORCH_TMUX_LOGS'])
      expect(seen).not.toHaveProperty(name)
    expect([directory, isTerminal]).toEqual([agent.directory, true])
  })

  it('keeps the environment out of the tmux server, of argument lists, and of files that stay', async () => {
    await using world = new World({ env: { SECRET: 'orch-secret-7f3a' } })
    const agent = await world.create(nodeProgram('report.mjs', ['report']))
    await reportOf(world)
    const { panePid } = agent.handle as { panePid: number }
    for (const pid of [world.serverPid, panePid]) {
      expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain('orch-secret-7f3a')
      expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toContain('orch-secret-7f3a')
    }
    expect(world.tmux('show-environment', '-g')).not.toContain('orch-secret-7f3a')
    expect(files(world, 'starts')).toEqual([])
  })

  it('passes an environment of 64 kB and the longest argument there is', async () => {
    const env = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`BIG_${index}`, 'é'.repeat(500)]))
    await using world = new World({ env })
    const prompt = `line\n${'x'.repeat(131_066)}`
    await world.create(nodeProgram('report.mjs', ['report'], 'argument'), { prompt })
    const report = await reportOf(world)
    expect(report.args).toEqual([prompt])
    expect(report.env).toMatchObject(env)
  })

  it('names the file of a longer task, where that holds exactly the task', async () => {
    await using world = new World()
    const prompt = 'é'.repeat(70_000)
    const request = world.request(nodeProgram('report.mjs', ['report'], 'argument'), { prompt })
    const file = join(request.workspace, 'SPAWN_CONTEXT.md')
    mkdirSync(request.workspace, { recursive: true })
    writeFileSync(file, `${prompt}x`)
    await expect(world.backend.create(request, world.signal)).rejects.toMatchObject({ code: 'CREATE_FAILED' })
    writeFileSync(file, prompt)
    const { receipt } = await world.backend.create(request, world.signal)
    expect(receipt).toMatchObject({ delivery: 'accepted', reason: { code: 'TASK_IN_FILE' } })
    const [told] = (await reportOf(world)).args as string[]
    expect(told).toContain(`The whole of it, 140000 bytes, is the text of the file\n\n${file}\n`)
  })

  it('refuses an argument that no program can take, and makes nothing', async () => {
    await using world = new World()
    const program = nodeProgram('report.mjs', ['report'], 'argument')
    for (const prompt of ['x'.repeat(131_072), 'a\0b', '\ud800'])
      await expect(world.create(program, { prompt })).rejects.toMatchObject({ code: 'CREATE_FAILED', outcome: 'none' })
    expect(existsSync(world.socket)).toBe(false)
  })

  it('passes arguments unaltered, and says how its program got the task', async () => {
    await using world = new World()
    const args = ['', 'two words', '-x', '#(date)', ';', "it's", 'a\n\nb', '$HOME', '*', 'x;']
    const request = world.request(nodeProgram('report.mjs', ['report', ...args], 'argument'), { prompt: 'the task;' })
    const result = await world.backend.create(request, world.signal)
    expect((await reportOf(world)).args).toEqual([...args, 'the task;'])
    expect(result).toMatchObject({
      begun: true,
      program: 'report.mjs',
      receipt: { delivery: 'accepted', reason: null },
    })
    expect(result.epoch).toMatch(/^\d+\.\d+$/)
  })

  it('says that a program without a task got none', async () => {
    await using world = new World()
    const result = await world.backend.create(world.request(systemProgram('cat', [])), world.signal)
    expect(result.receipt).toMatchObject({ delivery: 'accepted', reason: { code: 'NO_PROMPT' } })
  })

  it('refuses a directory that is not there', async () => {
    await using world = new World()
    const directory = join(world.folder, 'gone')
    const creating = world.create(systemProgram('cat', []), { directory })
    await expect(creating).rejects.toMatchObject({ code: 'CREATE_FAILED', message: expect.stringContaining(directory) })
    expect(existsSync(world.socket)).toBe(false)
  })

  it('names a program that is missing, before it acts', async () => {
    await using world = new World()
    const creating = world.create(systemProgram('no-such-agent', []))
    await expect(creating).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      message: expect.stringContaining('"no-such-agent"'),
      hint: expect.stringContaining('no-such-agent'),
    })
    const message = expect.stringContaining(`program "../no-such" is not at "${join(world.folder, 'no-such')}"`)
    const directory = join(world.folder, 'tree')
    const elsewhere = world.create(systemProgram('../no-such', []), { directory })
    await expect(elsewhere).rejects.toMatchObject({ code: 'PROGRAM_MISSING', message })
    expect(existsSync(world.socket)).toBe(false)
  })

  it('names tmux when tmux is missing', async () => {
    await using world = new World({ options: { command: 'no-such-tmux' } })
    const creating = world.create(systemProgram('cat', []))
    await expect(creating).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      message: 'Cannot run "no-such-tmux": it is not on PATH',
    })
    expect(files(world, 'starts')).toEqual([])
  })

  it('lists the programs it knows when it does not know one', async () => {
    await using world = new World()
    const creating = world.create(null, { programName: 'clippy' })
    await expect(creating).rejects.toMatchObject({
      code: 'PROGRAM_UNKNOWN',
      message: expect.stringContaining('"claude", "codex"'),
    })
  })

  it('takes the first agent program on PATH by default, and says how to get one', async () => {
    await using world = new World({ env: { PATH: '/nowhere' }, options: { command: '/usr/bin/tmux' } })
    await expect(world.create(null)).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      hint: expect.stringContaining('npm install'),
    })
    const bin = join(world.folder, 'bin')
    mkdirSync(bin)
    symlinkSync('/bin/echo', join(bin, 'codex'))
    const backend = tmux({ command: '/usr/bin/tmux' })({ ...world.host, env: { PATH: bin } })
    const result = await backend.create(world.request(null), world.signal)
    expect(result).toMatchObject({ program: 'codex', begun: true })
  })

  it('runs a program whose path is relative to the directory', async () => {
    await using world = new World()
    symlinkSync('/bin/cat', join(world.folder, 'project', 'own'))
    const agent = await world.create(systemProgram('./own', []))
    expect((await world.observe(agent)).process).toMatchObject({ value: { alive: true } })
  })

  it('works in folders with hostile names', async () => {
    await using world = new World()
    const stateDirectory = join(world.folder, 'a \'b\' "c" #(touch x) ;d; $HOME \\ é%H')
    mkdirSync(stateDirectory, { mode: 0o700 })
    const backend = tmux()({ ...world.host, stateDirectory })
    const program = systemProgram('sh', ['-c', 'echo said; cat >/dev/null'])
    const request = world.request(program, { target: backend.target, directory: stateDirectory })
    const { handle } = await backend.create(request, world.signal)
    const agent = { ...request, handle, facts: null, attempts: [] }
    await world.output(agent, 'said')
    const { observations } = await backend.observe([agent], world.signal)
    expect(observations[0]?.existence).toMatchObject({ value: 'present' })
    const receipt = await backend.send(agent, { id: 'm', text: 'a line\n'.repeat(10_000) }, world.signal)
    expect(receipt).toMatchObject({ reason: null, delivery: 'accepted' })
  })

  it('moves a socket whose path is too long to a short folder', async () => {
    await using world = new World()
    const stateDirectory = join(world.folder, 'long'.repeat(20))
    mkdirSync(stateDirectory, { mode: 0o700 })
    const backend = tmux()({ ...world.host, stateDirectory })
    const { socket } = backend.target as { socket: string }
    expect(socket).toBe(`/tmp/orch-${process.getuid?.()}/${world.host.namespace}-tmux/s`)
    const request = world.request(systemProgram('cat', []), { target: backend.target })
    const { handle } = await backend.create(request, world.signal)
    const { server } = handle as unknown as { server: { pid: number } }
    expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700)
    process.kill(server.pid, 'SIGKILL')
    rmSync(join(socket, '..'), { recursive: true })
    while (runs(server.pid)) await new Promise(setImmediate)
  })

  it('makes every directory 0700 and every file 0600', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('sh', ['-c', 'echo hello; exit 1']))
    await world.output(agent, 'hello')
    const { exit } = agent.handle as { exit: string }
    await eventually('the exit', () => existsSync(exit) || undefined)
    // The wrapper removes what it wrote errors to after it noted the exit.
    await eventually('the end of the wrapper', () => !existsSync(`${exit}.err`) || undefined)
    const base = join(world.host.stateDirectory, 'tmux')
    for (const name of readdirSync(base, { recursive: true, encoding: 'utf8' })) {
      const info = statSync(join(base, name))
      if (info.isSocket()) continue
      expect([name, info.mode & 0o777]).toEqual([name, info.isDirectory() ? 0o700 : 0o600])
    }
  })

  it.each([
    ['others may write to', (path: string) => mkdirSync(path, { mode: 0o700 }), 0o770],
    ['is a link', (path: string) => symlinkSync(mkdtempSync('/tmp/orch-t-'), path), null],
  ])('refuses a directory that %s', async (_, make, mode) => {
    await using world = new World()
    const path = join(world.host.stateDirectory, 'tmux')
    make(path)
    if (mode !== null) chmodSync(path, mode)
    const creating = world.create(systemProgram('cat', []))
    await expect(creating).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringContaining(path) })
    if (mode === null) rmSync(realpathSync(path), { recursive: true })
  })

  it('gives the program the size of the options, which a small terminal does not change', async () => {
    await using world = new World({ options: { columns: 91, rows: 33 } })
    const agent = await world.create(systemProgram('sh', ['-c', 'stty size; cat']))
    await world.output(agent, '33 91')
    world.tmux('new-window', '-d', '-n', 'of-a-person', 'cat')
    const person = spawn('tmux', ['-S', world.socket, '-C', 'attach'])
    person.stdout.once('data', () => person.stdin.write('refresh-client -C 40x10\n'))
    const widths = (): string => world.tmux('list-panes', '-a', '-F', '#{window_name} #{pane_width}')
    await eventually('the small terminal', () => widths().includes('of-a-person 40') || undefined)
    expect(widths()).toContain(`${agent.id} 91`)
    person.kill()
  })
})
