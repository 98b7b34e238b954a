import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SOURCE_ARGUMENTS } from '../../../../tests/harness/source-arguments.ts'
import type { Backend, BackendFactory, BackendHost } from '../../src/backend.ts'
import type { KnownFields, World } from '../../src/contract/index.ts'
import { createMemoryServer, type MemoryOptions, type MemoryServer, memory } from '../../src/memory/index.ts'

/** What a broken backend may reach besides the backend that it breaks. */
export interface Scene {
  readonly server: MemoryServer
  /** A client that is not broken. */
  open(): Backend
}

/** Puts a backend that breaks the contract in place of the right one. */
export type Breaker = (backend: Backend, scene: Scene) => Backend

const ALL = ['existence', 'process', 'turn', 'requests', 'lastActivityAt', 'usage'] as const

const KNOWN: KnownFields = {
  created: ALL,
  begun: ALL,
  working: ALL,
  idle: ALL,
  waiting: ALL,
  exited: ALL,
  stopped: ['existence'],
  killed: ['existence', 'turn'],
}

/** A world over a memory server of its own; with `directory`, each client reaches it as another process would. `breaker` wraps every client. */
export async function memoryWorld(
  options: MemoryOptions = {},
  breaker: Breaker = (backend) => backend,
): Promise<World> {
  const { directory } = options
  const project = mkdtempSync(join(tmpdir(), 'orch-memory-project-'))
  mkdirSync(join(project, '.orch'))
  const { server, looks } = counting(createMemoryServer(directory === undefined ? {} : { directory }))
  const factory: BackendFactory = memory({
    deadlineMs: 50,
    ...options,
    server,
  })
  const open = (namespace = 'memoryworld0'): Backend => factory(host(namespace))
  const broken = (namespace?: string): Backend => breaker(open(namespace), { server, open })
  const backend = broken()
  return {
    backend,
    known: options.survives ? withoutProcess(KNOWN) : KNOWN,
    prompts: {
      answer: (text) => `[[answer: ${text}]]`,
      work: (text) => `[[hang: ${text}]]`,
      ask: (text) => `[[question: ${text} | yes | no]]`,
      fail: () => '[[error: the model failed]]',
      exit: (code) => `[[exit: ${code}]]`,
      stubborn: () => '[[stubborn]] [[answer: stubborn]]',
    },
    elsewhere: directory === undefined ? null : elsewhere(directory),
    looks,
    open: async (more) => broken(more?.namespace),
    request: (overrides = {}) => ({
      id: `agent-${randomUUID()}`,
      title: 'A task',
      prompt: 'A task',
      project,
      directory: project,
      workspace: tmpdir(),
      target: backend.target,
      program: options.survives
        ? null
        : { name: 'simulated', command: 'simulated', args: [], env: {}, promptBy: 'send' },
      programName: null,
      model: null,
      mode: null,
      permission: null,
      permissionRules: [],
      env: {},
      ...overrides,
    }),
    received: async (agent) => server.received(agent.id),
    attached: async (agent) => server.attached(agent.id),
    finish: async (agent) => server.finish(agent.id),
    stranger: async () => ({ place: server.stranger('[[answer: I was here before]]'), server: null }),
    killServer: async () => server.kill(),
    freezeServer: async () => server.freeze(),
    thawServer: async () => server.thaw(),
    leftovers: async () => {
      const found = await open().find([backend.target], new AbortController().signal)
      return found.map(({ detail }) => detail)
    },
    dispose: async () => {
      server.kill()
      rmSync(project, { recursive: true })
      if (directory !== undefined) rmSync(directory, { recursive: true })
    },
  }
}

/** The server, and how often it was looked at. */
function counting(server: MemoryServer): { readonly server: MemoryServer; looks(): number } {
  let reads = 0
  const read = () => {
    reads++
    return server.store.read()
  }
  return { server: { ...server, store: { ...server.store, read } }, looks: () => reads }
}

function elsewhere(directory: string): World['elsewhere'] {
  const { name, stateDirectory, namespace } = host('memoryworld0')
  return {
    module: new URL('../../src/memory/index.ts', import.meta.url).href,
    options: { directory },
    host: { name, stateDirectory, namespace },
    env: process.env,
    nodeArguments: SOURCE_ARGUMENTS,
  }
}

function host(namespace: string): BackendHost {
  return { name: 'memory', stateDirectory: tmpdir(), namespace, env: {} }
}

function withoutProcess(known: KnownFields): KnownFields {
  return Object.fromEntries(
    Object.entries(known).map(([name, fields]) => [name, fields.filter((field) => field !== 'process')]),
  )
}
