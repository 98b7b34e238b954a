import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { isAlive, type ProcessInfo, processesWithEnvironment, processInfo } from '../../../tests/harness/processes.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { type BundledScript, bundleScript } from './support/bundled-script.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
let site: Site
let script: BundledScript
beforeAll(async () => {
  site = await openSite(scope)
  script = await bundleScript(new URL('./support/create-agent.ts', import.meta.url), site.environment.home)
})

/** Every running `opencode serve` of this site. */
async function servers(): Promise<ProcessInfo[]> {
  const { name, value } = site.environment.mark
  return (await processesWithEnvironment(name, value)).filter(({ argv }) => argv[1] === 'serve')
}

function createInOwnProcess(id: string): ReturnType<BundledScript['start']> {
  const { env, directory } = site.environment
  return script.start([site.stateDirectory, directory, id], env)
}

const folder = (): string => join(site.stateDirectory, 'opencode')

/** Ends the server and forgets that there ever was one. */
async function reset(): Promise<void> {
  await site.open().server?.stop(signal)
  expect(await servers()).toEqual([])
  rmSync(folder(), { recursive: true, force: true })
}

describe('create() without a server', () => {
  afterEach(reset)

  it('of twenty processes at once starts one server, which a later process finds', async () => {
    const running = Array.from({ length: 20 }, (_, index) => createInOwnProcess(`agent-${index}`))
    await Promise.all(running.map(({ ready }) => ready))
    for (const { go } of running) go()
    const epochs = await Promise.all(running.map(({ output }) => output))
    expect(new Set(epochs).size).toBe(1)
    expect(await servers()).toHaveLength(1)
    const backend = site.open()
    const found = await backend.find([backend.target], signal)
    expect(found.map(({ id }) => id).sort()).toEqual(running.map((_, index) => `agent-${index}`).sort())
    expect(epochs[0]).toBe(`ready\n${(await backend.probe(signal)).epoch}\n`)
  })

  it('goes on after the process that was starting it was killed, with one server and nothing left over', async () => {
    const starter = createInOwnProcess('agent-killed')
    starter.go()
    const orphan = await eventually(async () => (await servers())[0])
    starter.child.kill('SIGKILL')
    await expect(starter.output).rejects.toThrow()
    expect(readdirSync(folder())).not.toContain('server.json')
    const next = createInOwnProcess('agent-next')
    next.go()
    await next.output
    expect(await isAlive(orphan)).toBe(false)
    const left = await servers()
    expect(left.map(({ pid }) => pid)).toEqual([site.record().process.pid])
  })

  it('keeps the password from others, and from everything but its file', async () => {
    const report = await site.open().server?.start(signal)
    const { password, log } = site.record()
    expect(password.length).toBeGreaterThanOrEqual(32)
    expect(JSON.stringify(report)).not.toContain(password)
    expect(statSync(folder()).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder()))
      expect([name, statSync(join(folder(), name)).mode & 0o777]).toEqual([name, 0o600])
    expect(readFileSync(log, 'utf8')).not.toContain(password)
    const [server] = await servers()
    expect(server?.argv.join(' ')).not.toContain(password)
    expect((await fetch(`${site.record().url}/global/health`)).status).toBe(401)
    expect(new URL(site.record().url).hostname).toBe('127.0.0.1')
  })
})

describe('a recorded server', () => {
  afterEach(reset)

  it('is over once its process is another one, and its port is then never asked', async () => {
    const backend = site.open()
    await backend.server?.start(signal)
    const record = site.record()
    await backend.server?.stop(signal)
    const stranger = createServer((_, response) => response.end('hello'))
    let asked = 0
    stranger.on('request', () => {
      asked += 1
    })
    const port = Number(new URL(record.url).port)
    await once(stranger.listen(port, '127.0.0.1'), 'listening')
    try {
      const mine = { ...record, process: { ...record.process, pid: process.pid } }
      writeFileSync(join(folder(), 'server.json'), JSON.stringify(mine))
      expect(await backend.server?.status(signal)).toMatchObject({ ok: false, error: { code: 'SERVER_ENDED' } })
      expect(asked).toBe(0)
    } finally {
      await new Promise((resolve) => stranger.close(resolve))
      writeFileSync(join(folder(), 'server.json'), JSON.stringify(record))
    }
  })

  it('that runs and is another program is WRONG_SERVER, one with another password UNAUTHORIZED', async () => {
    const backend = site.open()
    await backend.server?.start(signal)
    const record = site.record()
    const path = join(folder(), 'server.json')
    writeFileSync(path, JSON.stringify({ ...record, password: 'wrong' }))
    expect(await backend.server?.status(signal)).toMatchObject({ ok: false, error: { code: 'UNAUTHORIZED' } })
    const stranger = createServer((_, response) => response.end('<html>hello</html>'))
    await once(stranger.listen(0, '127.0.0.1'), 'listening')
    try {
      const address = stranger.address() as { port: number }
      writeFileSync(path, JSON.stringify({ ...record, url: `http://127.0.0.1:${address.port}` }))
      const report = await backend.server?.status(signal)
      expect(report).toMatchObject({ ok: false, error: { code: 'WRONG_SERVER' } })
      expect(JSON.stringify(report)).not.toContain(record.password)
    } finally {
      await new Promise((resolve) => stranger.close(resolve))
      writeFileSync(path, JSON.stringify(record))
    }
  })

  it('of another machine is neither used, nor replaced, nor ended', async () => {
    const backend = site.open()
    await backend.server?.start(signal)
    const record = site.record()
    const path = join(folder(), 'server.json')
    const elsewhere = { ...record.process, host: 'elsewhere', bootId: 'another boot' }
    writeFileSync(path, JSON.stringify({ ...record, process: elsewhere }))
    const error = {
      code: 'BACKEND_UNREACHABLE',
      message: expect.stringContaining('it was started on host "elsewhere"'),
    }
    await expect(backend.create(site.request(), signal)).rejects.toMatchObject(error)
    await expect(backend.server?.stop(signal)).rejects.toMatchObject(error)
    expect(await servers()).toHaveLength(1)
    writeFileSync(path, JSON.stringify(record))
  })

  it('that cannot be read is RECORD_CORRUPT and nothing is started', async () => {
    mkdirSync(folder(), { recursive: true })
    writeFileSync(join(folder(), 'server.json'), '{ half')
    await expect(site.open().create(site.request(), signal)).rejects.toMatchObject({ code: 'RECORD_CORRUPT' })
    expect(await servers()).toEqual([])
    rmSync(join(folder(), 'server.json'))
  })
})

describe('server.stop()', () => {
  afterEach(reset)

  it('ends a server that does not answer, and says what it could not do', async () => {
    const control = site.open('test00000000', { requestTimeoutMs: 500 }).server
    await site.open().server?.start(signal)
    const { pid } = site.record().process
    site.signal('SIGSTOP')
    const report = await control?.stop(signal)
    expect(report).toMatchObject({ ok: false, owner: 'orch' })
    const details = report?.evidence.map(({ detail }) => detail)
    expect(details?.[0]).toMatch(/^its turns could not be ended first: .* did not answer within 500 ms$/)
    expect(details?.[1]).toBe(`process ${pid} ended after SIGTERM, SIGTERM, SIGKILL`)
    expect(await processInfo(pid)).toBeUndefined()
  })

  it('without a server says so', async () => {
    expect(await site.open().server?.stop(signal)).toMatchObject({
      ok: false,
      owner: null,
      error: { code: 'NO_SERVER' },
    })
  })
})

describe('the program', () => {
  afterEach(reset)

  it('that is configured and not there is PROGRAM_MISSING and not startable', async () => {
    const { env, home } = site.environment
    const host = { name: 'opencode', stateDirectory: site.stateDirectory, namespace: 'test00000000' }
    const bin = join(home, 'empty-bin')
    mkdirSync(bin, { recursive: true })
    const { opencode } = await import('../src/index.ts')
    const named = opencode({ command: 'no-such-program' })({ ...host, env: { ...env, PATH: bin } })
    await expect(named.create(site.request(), signal)).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      message: 'Cannot find the OpenCode program "no-such-program": it cannot be run',
    })
    expect(await named.probe(signal)).toMatchObject({ ok: false, startable: false })
  })

  it('that is neither on PATH nor installed is PROGRAM_MISSING, which names both and one command', async () => {
    const { env, directory } = site.environment
    const { output, go } = script.start([site.stateDirectory, directory, 'agent-0'], { ...env, PATH: '/nonexistent' })
    go()
    await expect(output).rejects.toThrow(
      'Cannot find the OpenCode program: there is no "opencode" on PATH and no npm package "opencode-ai"',
    )
    await expect(output).rejects.toThrow("hint: 'Install it with: npm install -g opencode-ai'")
  })

  it('is the platform package behind the npm launcher whose install script did not run', async () => {
    const { env } = site.environment
    const host = { name: 'opencode', stateDirectory: site.stateDirectory, namespace: 'test00000000' }
    const { opencode } = await import('../src/index.ts')
    const backend = opencode()({ ...host, env: { ...env, PATH: '/nonexistent' } })
    expect(await backend.server?.start(signal)).toMatchObject({ ok: true })
    const info = await processInfo(site.record().process.pid)
    expect(info?.argv[0]).toMatch(/node_modules\/opencode-linux[^/]*\/bin\/opencode$/)
  })

  it('that ends at once is an error with what it printed, and the next start is free', async () => {
    const { env, home } = site.environment
    const broken = join(home, 'broken-opencode')
    writeFileSync(broken, '#!/bin/sh\necho "cannot open database" >&2\nexit 3\n')
    chmodSync(broken, 0o700)
    const { opencode } = await import('../src/index.ts')
    const host = { name: 'opencode', stateDirectory: site.stateDirectory, namespace: 'test00000000', env }
    const start = opencode({ command: broken })(host).server?.start(signal)
    await expect(start).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
      message: expect.stringContaining('it ended with code 3; it printed "cannot open database"'),
    })
    expect(await site.open().server?.start(signal)).toMatchObject({ ok: true })
  })

  it('may be a launcher: what serves is recorded, and stop() ends it', async () => {
    const { env, home, bin } = site.environment
    const launcher = join(home, 'launcher-opencode')
    symlinkSync(join(bin, 'opencode'), join(home, 'real-opencode'))
    writeFileSync(launcher, `#!/bin/sh\n"${join(home, 'real-opencode')}" "$@"\nexit 0\n`)
    chmodSync(launcher, 0o700)
    const { opencode } = await import('../src/index.ts')
    const host = { name: 'opencode', stateDirectory: site.stateDirectory, namespace: 'test00000000', env }
    await opencode({ command: launcher })(host).server?.start(signal)
    const info = await processInfo(site.record().process.pid)
    expect(info?.argv[0]).toBe(join(home, 'real-opencode'))
    const report = await site.open().server?.stop(signal)
    expect(report?.evidence[0]?.detail).toMatch(/^process \d+ ended after SIGTERM/)
    await eventually(async () => (await servers()).length === 0)
  })
})
