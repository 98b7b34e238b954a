import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { type EventStream, openEventStream } from './event-stream.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import {
  type OpenCodeEnvironment,
  type OpenCodeEnvironmentOptions,
  openCodeEnvironment,
} from './open-code-environment.ts'
import { killProcesses, type ProcessInfo, processesWithEnvironment, processInfo } from './processes.ts'

/** One request to the OpenCode server. */
export interface CallOptions {
  /** Sent as JSON. */
  body?: unknown
  /** The directory that the request is about; `@default` none is named. */
  directory?: string
  /** Deadline; `@default` 20000. */
  timeoutMs?: number
}

/** A real OpenCode server of one test. */
export interface OpenCodeServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  url: string
  password: string
  /** Value for the `authorization` header. */
  authorization: string
  process: ProcessInfo
  environment: OpenCodeEnvironment
  /** Where the server was started. */
  directory: string
  /** Sends a request and resolves to the parsed body (`undefined` for 204); throws on any status but 2xx. */
  call<T = unknown>(method: string, path: string, options?: CallOptions): Promise<T>
  /** Opens an SSE stream, `/global/event` by default. */
  events(path?: string): Promise<EventStream>
  /** Everything the server printed. */
  output(): string
  /** Kills the server alone with SIGKILL, as a crash would, and resolves when it is gone. Its children may live on. */
  kill(): Promise<void>
  /**
   * Ends the server and everything it started; resolves when `/proc` shows none of it.
   * @returns what was still alive after the server had ended, and was killed.
   */
  stop(): Promise<ProcessInfo[]>
}

/** What {@link startOpenCode} needs beside an environment. */
export interface StartOpenCodeOptions extends OpenCodeEnvironmentOptions {
  /** An environment that exists already, for a second server on the same data; it is not removed by `stop()`. */
  environment?: OpenCodeEnvironment
  /** Where to start the server; `@default` the environment's own empty directory. */
  directory?: string
  /** TCP port; `@default` a free one, never OpenCode's own default, which parallel tests would share. */
  port?: number
  /** Of a server that takes another's place; `@default` a random one. */
  password?: string
}

/**
 * Starts `opencode serve` with folders of its own and a random password, and resolves when it listens.
 * Disposing it stops the server and removes its folders.
 */
export async function startOpenCode(options: StartOpenCodeOptions): Promise<OpenCodeServer> {
  const environment = options.environment ?? (await openCodeEnvironment(options))
  const dispose = async (): Promise<void> => {
    if (!options.environment) await environment[Symbol.asyncDispose]()
  }
  try {
    return await serve(environment, options, dispose)
  } catch (error) {
    await killProcesses(await processesWithEnvironment(environment.mark.name, environment.mark.value))
    await dispose()
    throw error
  }
}

async function serve(
  environment: OpenCodeEnvironment,
  options: StartOpenCodeOptions,
  dispose: () => Promise<void>,
): Promise<OpenCodeServer> {
  const directory = options.directory ?? environment.directory
  const password = options.password ?? randomBytes(24).toString('base64url')
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  const { child, output, url } = await launch(environment, password, options)
  const info = await processInfo(child.pid as number)
  if (!info) throw new Error(`Cannot start opencode serve: it ended: ${output()}`)
  const streams: EventStream[] = []
  const stop = async (): Promise<ProcessInfo[]> => {
    for (const stream of streams) stream.close()
    return stopServer(child, info, environment.mark)
  }
  return {
    url,
    password,
    authorization,
    process: info,
    environment,
    directory,
    call: (method, path, callOptions) => call({ url, authorization }, method, path, callOptions),
    async events(path = '/global/event') {
      const stream = await openEventStream(`${url}${path}`, { authorization })
      streams.push(stream)
      return stream
    },
    output,
    kill: () => killProcesses([info]),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await dispose()
    },
  }
}

async function launch(
  environment: OpenCodeEnvironment,
  password: string,
  { directory = environment.directory, port }: StartOpenCodeOptions,
): Promise<{ child: ChildProcess; output: () => string; url: string }> {
  const args = ['serve', '--hostname', '127.0.0.1', '--port', String(port ?? (await freePort()))]
  const child = spawn(`${environment.bin}/opencode`, args, {
    cwd: directory,
    env: { ...environment.env, OPENCODE_SERVER_PASSWORD: password },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collectOutput(child)
  const url = await eventually(() => (ended(child) ? 'ended' : /listening on (http:\/\/\S+)/.exec(output())?.[1]), {
    timeoutMs: 60_000,
    what: 'the line "listening" of opencode serve',
  })
  if (url !== 'ended') return { child, output, url }
  throw new Error(`Cannot start opencode serve: it ended with ${child.exitCode}: ${output()}`)
}

function collectOutput(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return () => text
}

async function stopServer(
  child: ChildProcess,
  info: ProcessInfo,
  mark: { name: string; value: string },
): Promise<ProcessInfo[]> {
  child.kill('SIGTERM')
  try {
    await eventually(() => ended(child), { timeoutMs: 2_000 })
  } catch {
    await killProcesses([info])
  }
  const left = await processesWithEnvironment(mark.name, mark.value)
  await killProcesses(left)
  await eventually(async () => (await processesWithEnvironment(mark.name, mark.value)).length === 0, {
    what: 'the end of everything the OpenCode server started',
  })
  return left
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function call<T>(
  server: { url: string; authorization: string },
  method: string,
  path: string,
  { body, directory, timeoutMs = 20_000 }: CallOptions = {},
): Promise<T> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      authorization: server.authorization,
      ...(directory !== undefined && { 'x-opencode-directory': encodeURIComponent(directory) }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`Cannot ${method} "${path}": ${response.status} ${text.slice(0, 500)}`)
  if (text === '') return undefined as T
  const type = response.headers.get('content-type') ?? ''
  if (!type.includes('json')) throw new Error(`Cannot ${method} "${path}": the answer is "${type}"`)
  return JSON.parse(text) as T
}
