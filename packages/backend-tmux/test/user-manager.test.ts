import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { TmuxClient } from '../src/client/tmux.ts'
import { userManager } from '../src/client/user-manager.ts'
import { checkLogout } from '../src/probe.ts'
import { World } from './support/world.ts'

/**
 * A system of files as systemd makes them, and a program that takes the place of systemd-run: it notes its arguments and
 * becomes what stands behind `--`. It proves what systemd-run is asked for, not what systemd does.
 */
class StandIn {
  readonly root: string
  readonly env: Record<string, string>
  readonly #noted: string

  constructor({ folder }: World) {
    this.root = join(folder, 'system')
    this.env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
    this.#noted = join(folder, 'noted')
    mkdirSync(join(folder, 'bin'))
    this.becomes('while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
  }

  becomes(script: string): void {
    const text = `#!/bin/sh\nprintf '%s\\n' "$XDG_RUNTIME_DIR" "$@" >>'${this.#noted}'\n${script}\n`
    writeFileSync(join(this.root, '../bin/systemd-run'), text, { mode: 0o755 })
  }

  /** Makes files of the system. */
  make(...paths: readonly string[]): void {
    for (const path of paths) mkdirSync(join(this.root, path), { recursive: true })
  }

  noted(): string[] {
    return existsSync(this.#noted) ? readFileSync(this.#noted, 'utf8').trim().split('\n') : []
  }

  client(logs: string): TmuxClient {
    return new TmuxClient({ command: 'tmux', env: this.env, logs, root: this.root })
  }
}

const { uid, username } = userInfo()
const RUNS = 'run/systemd/system'
const LINGERS = `var/lib/systemd/linger/${username}`
const MANAGER = `run/user/${uid}/systemd/private`

describe('startOutsideSession()', () => {
  it('starts a server in a scope of the lingering manager, once', async () => {
    await using world = new World()
    const system = new StandIn(world)
    system.make(RUNS, LINGERS, MANAGER)
    const socket = join(world.folder, 's')
    const client = system.client(world.folder)
    await client.startOutsideSession(socket, world.signal)
    const tmux = await client.program()
    expect(system.noted()).toEqual([
      ...[join(system.root, 'run/user', String(uid)), '--user', '--scope', '--quiet', '--collect', '--'],
      ...[tmux, '-S', socket, '-f', '/dev/null', '-u', 'start-server', ';', 'set-option', '-g', 'exit-empty', 'off'],
    ])
    expect(await client.look(socket, world.signal)).toMatchObject({ kind: 'server', rows: [] })
    await client.startOutsideSession(socket, world.signal)
    expect(system.noted()).toHaveLength(18)
  })

  it('starts one again where only the socket of a server is left', async () => {
    await using world = new World()
    const system = new StandIn(world)
    system.make(RUNS, LINGERS, MANAGER)
    const socket = join(world.folder, 's')
    const client = system.client(world.folder)
    await client.startOutsideSession(socket, world.signal)
    world.switchOff()
    await client.startOutsideSession(socket, world.signal)
    expect(await client.look(socket, world.signal)).toMatchObject({ kind: 'server' })
    expect(system.noted()).toHaveLength(36)
  })

  it.each([
    ['systemd does not run', [LINGERS, MANAGER]],
    ['the manager ends with the session', [RUNS, MANAGER]],
    ['there is no manager', [RUNS, LINGERS]],
  ])('starts nothing where %s', async (_, paths) => {
    await using world = new World()
    const system = new StandIn(world)
    system.make(...paths)
    await system.client(world.folder).startOutsideSession(join(world.folder, 's'), world.signal)
    expect(system.noted()).toEqual([])
    expect(existsSync(join(world.folder, 's'))).toBe(false)
  })

  it('is content when systemd makes no scope, and never passes an argument that systemd-run would change', async () => {
    await using world = new World()
    const system = new StandIn(world)
    system.make(RUNS, LINGERS, MANAGER)
    system.becomes('echo "Failed to connect to bus" >&2; exit 1')
    const client = system.client(world.folder)
    await client.startOutsideSession(join(world.folder, 's'), world.signal)
    expect(system.noted()).toContain('--scope')
    rmSync(join(world.folder, 'noted'))
    // biome-ignore lint/suspicious/noTemplateCurlyInString: systemd would replace it
    await client.startOutsideSession(join(world.folder, '${HOME}'), world.signal)
    expect(system.noted()).toEqual([])
  })
})

describe('checkLogout()', () => {
  it.each([
    ['nothing is to be said where systemd does not run', [], 'ok', 'does not run here'],
    ['a manager that does not linger is a warning', [RUNS, MANAGER], 'warn', 'is not enabled'],
    ['a lingering manager that is not there is a warning', [RUNS, LINGERS], 'warn', 'is not there'],
    ['a lingering manager is fine', [RUNS, LINGERS, MANAGER], 'ok', 'agents stay'],
  ])('%s', async (_, paths, result, text) => {
    await using world = new World()
    const system = new StandIn(world)
    system.make(...paths)
    expect(checkLogout(userManager(system.env, system.root))).toMatchObject({
      result,
      text: expect.stringContaining(text),
    })
  })
})
