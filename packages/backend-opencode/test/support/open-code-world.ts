import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentRef, Backend, CreateRequest } from '@orch/core'
import type { KnownFields, World } from '@orch/core/contract'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { type OpenCodeEnvironment, openCodeEnvironment } from '../../../../tests/harness/open-code-environment.ts'
import { isAlive, processesWithEnvironment, signalProcess } from '../../../../tests/harness/processes.ts'
import type { Scope } from '../../../../tests/harness/scope.ts'
import { SOURCE_ARGUMENTS } from '../../../../tests/harness/source-arguments.ts'
import { type ScriptedModel, startScriptedModel } from '../../../../tests/scripted-model/scripted-model.ts'
import type { ServerRecord } from '../../src/client/server-file.ts'
import { type OpenCodeOptions, opencode } from '../../src/index.ts'

/** One model and one set of folders, shared by the tests of a file; orch runs the server in it. */
export interface Site {
  readonly environment: OpenCodeEnvironment
  readonly model: ScriptedModel
  readonly stateDirectory: string
  /** Opens a backend of the registry `namespace`. */
  open(namespace?: string, options?: OpenCodeOptions): Backend
  /** What orch wrote about its server. */
  record(): ServerRecord
  /** Where that server is, for plain HTTP. */
  server(): { readonly url: string; readonly authorization: string }
  /** A request to that server in plain HTTP. */
  call<T>(path: string, directory?: string): Promise<T>
  /** Gives a session a message in plain HTTP. */
  prompt(sessionId: string, directory: string, text: string): Promise<void>
  /** A complete request with a fresh id and an existing workspace. */
  request(overrides?: Partial<CreateRequest>): CreateRequest
  killServer(): Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
}

/** Makes a site that ends with the scope, and everything that runs in it with it. `config` is more of OpenCode's. */
export async function openSite(
  scope: Scope,
  permission?: Record<string, unknown>,
  config: Record<string, unknown> = {},
): Promise<Site> {
  const model = await scope.use(startScriptedModel())
  const environment = await scope.use(openCodeEnvironment({ model, config, ...(permission && { permission }) }))
  const { mark, env, home, directory } = environment
  scope.defer(async () => {
    for (const { pid } of await processesWithEnvironment(mark.name, mark.value)) signalProcess(pid, 'SIGKILL')
    await eventually(async () => (await processesWithEnvironment(mark.name, mark.value)).length === 0)
  })
  const stateDirectory = join(home, 'state', 'orch')
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
  const record = (): ServerRecord =>
    JSON.parse(readFileSync(join(stateDirectory, 'opencode', 'server.json'), 'utf8')) as ServerRecord
  const target = { managed: true }
  const server = (): ReturnType<Site['server']> => {
    const { url, password } = record()
    return { url, authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}` }
  }
  const headersFor = (inDirectory: string): Record<string, string> => ({
    authorization: server().authorization,
    'x-opencode-directory': encodeURIComponent(inDirectory),
  })
  return {
    environment,
    model,
    stateDirectory,
    record,
    open: (namespace = 'test00000000', options = {}) =>
      opencode({ requestTimeoutMs: 4_000, ...options })({ name: 'opencode', stateDirectory, namespace, env }),
    server,
    async call<T>(path: string, inDirectory = directory) {
      return (await (await fetch(`${server().url}${path}`, { headers: headersFor(inDirectory) })).json()) as T
    },
    async prompt(sessionId, inDirectory, text) {
      const headers = { ...headersFor(inDirectory), 'content-type': 'application/json' }
      const body = JSON.stringify({ parts: [{ type: 'text', text }] })
      await fetch(`${server().url}/session/${sessionId}/prompt_async`, { method: 'POST', headers, body })
    },
    request: (overrides) => request(directory, { target, ...overrides }),
    async killServer() {
      const { pid, startTime } = record().process
      signalProcess(pid, 'SIGKILL')
      await eventually(async () => !(await isAlive({ pid, startTime: startTime ?? '' })))
    },
    signal: (name) => process.kill(record().process.pid, name),
  }
}

/** A world of its own for one case of the contract, on the site's server. */
export function openWorld(site: Site): World {
  const namespace = randomBytes(6).toString('hex')
  const { model } = site
  return {
    backend: site.open(namespace),
    prompts: {
      answer: (text) => `[[answer: ${text}]]`,
      work: (text) => `[[answer: ${text}]] [[hold: ${randomUUID()}]]`,
      ask: (text) => `[[question: ${text} | yes | no]] [[answer: thanks]]`,
      fail: () => '[[error: 400]]',
      exit: () => '[[answer: this program does not end]]',
      stubborn: () => '[[answer: this program does not end]]',
    },
    known: KNOWN,
    elsewhere: elsewhere(site, namespace),
    open: async (options) => site.open(options?.namespace ?? namespace),
    request: site.request,
    received: (agent) => receivedTexts(site, agent),
    attached: (agent) => attachedFiles(site, agent),
    async finish(agent) {
      const texts = await receivedTexts(site, agent)
      for (const [, name] of texts.join('\n').matchAll(/\[\[hold: ([^\]]+)\]\]/g)) model.release(name as string)
    },
    stranger: async () => ({ place: await startStranger(site), server: null }),
    killServer: site.killServer,
    async freezeServer() {
      site.signal('SIGSTOP')
    },
    async thawServer() {
      site.signal('SIGCONT')
    },
    leftovers: () => leftovers(site, namespace),
    dispose: async () => {},
  }
}

/** A session that a person began, without orch. */
async function startStranger(site: Site): Promise<string> {
  await site.open().server?.start(AbortSignal.timeout(30_000))
  const { directory } = site.environment
  const { url, authorization } = site.server()
  const headers = {
    authorization,
    'content-type': 'application/json',
    'x-opencode-directory': encodeURIComponent(directory),
  }
  const made = await fetch(`${url}/session`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ title: 'Of a person' }),
  })
  const { id } = (await made.json()) as { readonly id: string }
  await site.prompt(id, directory, '[[answer: I was here before]]')
  await eventually(async () => {
    const busy = await site.call<object>('/session/status', directory)
    const messages = await site.call<Stored[]>(`/session/${id}/message`, directory)
    return !(id in busy) && messages.length > 1
  })
  return id
}

function elsewhere({ stateDirectory, environment }: Site, namespace: string): World['elsewhere'] {
  return {
    module: new URL('../../src/index.ts', import.meta.url).href,
    options: {},
    host: { name: 'opencode', stateDirectory, namespace },
    env: environment.env,
    nodeArguments: SOURCE_ARGUMENTS,
  }
}

const ALL = ['existence', 'turn', 'requests', 'lastActivityAt', 'usage'] as const

const KNOWN: KnownFields = {
  created: ALL,
  begun: ALL,
  working: ALL,
  idle: ALL,
  waiting: ALL,
  stopped: ['existence'],
  killed: ['existence', 'turn', 'requests'],
}

interface Stored {
  readonly info: { readonly role: string }
  readonly parts: readonly {
    readonly type: string
    readonly text?: string
    readonly synthetic?: boolean
    readonly url?: string
  }[]
}

/** The contents of the files that the session holds of its user, base64. */
async function attachedFiles(site: Site, { handle, directory }: AgentRef): Promise<string[]> {
  const { sessionId } = handle as { sessionId: string }
  const messages = await site.call<Stored[]>(`/session/${sessionId}/message`, directory)
  const files = messages.flatMap(({ parts }) => parts.filter(({ type }) => type === 'file'))
  return files.map(({ url = '' }) => url.replace(/^data:[^,]*,/, ''))
}

/** What the session holds of its user, asked without orch; what OpenCode adds when it shortens a long one is left out. */
async function receivedTexts(site: Site, { handle, directory }: AgentRef): Promise<string[]> {
  const { sessionId } = handle as { sessionId: string }
  const messages = await site.call<Stored[]>(`/session/${sessionId}/message`, directory)
  const texts = messages.filter(({ info }) => info.role === 'user').flatMap(({ parts }) => parts)
  return texts.flatMap(({ type, text, synthetic }) =>
    type === 'text' && text !== undefined && !synthetic ? [text] : [],
  )
}

async function leftovers(site: Site, namespace: string): Promise<string[]> {
  const { pid, startTime } = site.record().process
  if (!(await isAlive({ pid, startTime: startTime ?? '' }))) return []
  type Session = { id: string; metadata?: { orch?: { namespace?: string } } }
  const sessions = await site.call<Session[]>('/experimental/session?limit=1000')
  const busy = Object.keys(await site.call<object>('/session/status'))
  const own = sessions.filter(({ metadata }) => metadata?.orch?.namespace === namespace)
  const { name, value } = site.environment.mark
  const others = (await processesWithEnvironment(name, value)).filter((one) => one.pid !== pid)
  return [
    ...own.map(({ id }) => `session ${id} is not put away`),
    ...busy.map((id) => `session ${id} is busy`),
    ...others.map((one) => `process ${one.pid} runs`),
  ]
}

function request(directory: string, overrides: Partial<CreateRequest>): CreateRequest {
  const id = overrides.id ?? `agent-${randomBytes(4).toString('hex')}`
  const workspace = join(directory, '.orch', 'workspace', id)
  mkdirSync(workspace, { recursive: true, mode: 0o700 })
  return {
    id,
    title: 'A task',
    prompt: '[[answer: ready]]',
    project: directory,
    directory,
    workspace,
    target: null,
    program: null,
    programName: null,
    model: null,
    mode: null,
    permission: null,
    permissionRules: [],
    env: {},
    ...overrides,
  }
}
