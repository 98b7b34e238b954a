import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, readdir } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { eventually } from './eventually.ts'
import { openCodeEnvironment } from './open-code-environment.ts'
import { openCodeSession } from './open-code-session.ts'
import { isAlive, processesWithEnvironment } from './processes.ts'
import { perTest } from './scope.ts'
import { startOpenCode } from './start-open-code.ts'

const scope = perTest()

describe('startOpenCode()', () => {
  it('starts a server that only its password opens, and ends it with its folders', async () => {
    const model = await scope.use(startScriptedModel())
    const server = await startOpenCode({ model })
    scope.defer(() => server[Symbol.asyncDispose]())
    expect(await server.call('GET', '/global/health')).toEqual({ healthy: true, version: server.environment.version })
    expect((await fetch(`${server.url}/global/health`)).status).toBe(401)
    expect(await server.stop()).toEqual([])
    expect(await isAlive(server.process)).toBe(false)
    await server[Symbol.asyncDispose]()
    await expect(access(server.environment.home)).rejects.toThrow('ENOENT')
  })

  it('stop() ends a running shell command too, and names it', async () => {
    const model = await scope.use(startScriptedModel())
    const server = await scope.use(startOpenCode({ model }))
    const session = await openCodeSession(server, server.directory)
    await session.prompt('[[shell: echo begun; exec sleep 1000]]')
    await eventually(async () => JSON.stringify(await session.messages()).includes('begun\\n'))
    const left = await server.stop()
    expect(left.map(({ argv }) => argv)).toContainEqual(['sleep', '1000'])
    const { name, value } = server.environment.mark
    expect(await processesWithEnvironment(name, value)).toEqual([])
  })

  it('disposing an environment ends what others started with it', async () => {
    const model = await scope.use(startScriptedModel())
    const environment = await openCodeEnvironment({ model })
    const child = spawn('sleep', ['1000'], { env: environment.env, stdio: 'ignore' })
    scope.defer(() => child.kill('SIGKILL'))
    await environment[Symbol.asyncDispose]()
    await eventually(() => child.signalCode === 'SIGKILL')
    await expect(access(environment.home)).rejects.toThrow('ENOENT')
  })

  it('kill() leaves the data to a second server of the same environment', async () => {
    const model = await scope.use(startScriptedModel())
    const environment = await scope.use(openCodeEnvironment({ model }))
    const first = await scope.use(startOpenCode({ model, environment }))
    const { id } = await openCodeSession(first, first.directory, { title: 'Survivor' })
    await first.kill()
    const second = await scope.use(startOpenCode({ model, environment }))
    expect(await second.call('GET', `/session/${id}`)).toMatchObject({ title: 'Survivor' })
  })

  it('refuses to start with what the server printed, and leaves nothing', async () => {
    const model = await scope.use(startScriptedModel())
    const environment = await scope.use(openCodeEnvironment({ model }))
    const port = Number(new URL(model.url).port)
    await expect(startOpenCode({ model, environment, port })).rejects.toThrow(
      /^Cannot start opencode serve: it ended with 1: .*ServeError/s,
    )
    const { name, value } = environment.mark
    expect(await processesWithEnvironment(name, value)).toEqual([])
  })

  it('reaches for nothing outside: nothing uses the proxy variables, no package is installed', async () => {
    const model = await scope.use(startScriptedModel())
    let connections = 0
    const outside = createServer((socket) => {
      connections += 1
      socket.destroy()
    }).listen(0, '127.0.0.1')
    scope.defer(() => outside.close())
    await once(outside, 'listening')
    const proxy = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`
    const env = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: '127.0.0.1,localhost' }
    const server = await scope.use(startOpenCode({ model, env }))
    const session = await openCodeSession(server, server.directory)
    await session.prompt('[[answer: Hello]]')
    await session.turnEnd()
    const modules = await readdir(`${server.environment.env.XDG_CONFIG_HOME}/opencode/node_modules`, {
      recursive: true,
    })
    expect(modules.sort()).toEqual(['@opencode-ai', '@opencode-ai/plugin', '@opencode-ai/plugin/package.json'])
    expect(connections).toBe(0)
  })
})
