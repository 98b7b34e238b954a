import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { AgentRef, Backend, CreateRequest } from '../../src/backend.ts'
import { createBackend, createMemoryServer, type MemoryOptions, memory } from '../../src/memory/index.ts'
import { runProcess } from './processes.ts'

let stateDirectory = ''
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'orch-memory-'))
})
afterEach(() => rmSync(stateDirectory, { recursive: true }))

const { signal } = new AbortController()

function host() {
  return { name: 'memory', stateDirectory, namespace: 'memorytest00', env: {} }
}

function open(options: MemoryOptions = {}): Backend {
  return memory(options)(host())
}

function request(backend: Backend, overrides: Partial<CreateRequest> = {}): CreateRequest {
  const place = { project: stateDirectory, directory: stateDirectory, workspace: stateDirectory }
  const choices = {
    program: null,
    programName: null,
    model: null,
    mode: null,
    permission: null,
    permissionRules: [],
    env: {},
  }
  return { id: 'one', title: 'A task', prompt: 'A task', ...place, ...choices, target: backend.target, ...overrides }
}

async function spawn(backend: Backend, text: string): Promise<AgentRef> {
  const made = request(backend)
  const { handle } = await backend.create(made, signal)
  const { id, target, directory } = made
  const ref = { id, target, handle, directory, facts: null, attempts: [] }
  await backend.begin(ref, { id: 'm1', text }, signal)
  return ref
}

describe('memory()', () => {
  it('answers a text without markers with what it received', async () => {
    const backend = open()
    const agent = await spawn(backend, 'hello')
    const { items } = await backend.read(agent, { last: 10, before: null, raw: false }, signal)
    expect(items.map(({ role, text }) => [role, text])).toEqual([
      ['user', 'hello'],
      ['assistant', 'Received: hello'],
    ])
  })

  it('shows tool calls with their status', async () => {
    const backend = open()
    const agent = await spawn(backend, '[[tool: bash | ls | a b]]')
    const { items } = await backend.read(agent, { last: 1, before: null, raw: false }, signal)
    expect(items[0]?.tool).toEqual({ name: 'bash', status: 'completed', input: 'ls', output: 'a b', durationMs: 0 })
  })

  it('gives the task at creation to a program that takes it as an argument', async () => {
    const server = createMemoryServer()
    const backend = open({ server })
    const program = { name: 'p', command: 'p', args: [], env: {}, promptBy: 'argument' } as const
    const made = await backend.create(request(backend, { program, prompt: 'as argument' }), signal)
    expect(made.begun).toBe(true)
    expect(made.receipt?.delivery).toBe('confirmed')
    expect(server.received('one')).toEqual(['as argument'])
  })

  it('goes on after an answer, with the text as the next message of the user', async () => {
    const backend = open()
    const agent = await spawn(backend, '[[question: Which? | a | b]] [[answer: thanks]]')
    const { observations } = await backend.observe([agent], signal)
    const requests = observations[0]?.requests
    const requestId = (requests?.known && requests.value[0]?.id) || ''
    await backend.answer?.(agent, { requestId, choice: null, text: 'neither' }, signal)
    const { items } = await backend.read(agent, { last: 2, before: null, raw: false }, signal)
    expect(items.map(({ text }) => text)).toEqual(['neither', 'thanks'])
  })

  it('rejects a choice that the request does not offer', async () => {
    const backend = open()
    const agent = await spawn(backend, '[[question: Which? | a | b]]')
    const { observations } = await backend.observe([agent], signal)
    const requests = observations[0]?.requests
    const requestId = (requests?.known && requests.value[0]?.id) || ''
    const reply = { requestId, choice: 'c', text: null }
    await expect(backend.answer?.(agent, reply, signal)).rejects.toMatchObject({ code: 'CHOICE_UNKNOWN' })
  })

  it('without a capability neither shows nor does what it stands for', async () => {
    const backend = open({
      without: [
        ...(['turns', 'answers', 'requests', 'interrupt', 'attach', 'transcript', 'usage', 'screen'] as const),
        ...(['server', 'adopt'] as const),
      ],
    })
    expect(backend.capabilitiesOf(null)).toEqual(['attachments', 'models', 'programs', 'resume'])
    expect(
      [backend.finalAnswer, backend.answer, backend.attach, backend.interrupt, backend.server, backend.adopt].filter(
        Boolean,
      ),
    ).toEqual([])
    const agent = await spawn(backend, '[[answer: two\nlines]]')
    const { observations } = await backend.observe([agent], signal)
    expect([observations[0]?.turn.known, observations[0]?.requests.known]).toEqual([false, false])
    const { items } = await backend.read(agent, { last: 2, before: null, raw: false }, signal)
    expect(items.map(({ kind, text }) => [kind, text])).toEqual([
      ['screen', 'two'],
      ['screen', 'lines'],
    ])
  })

  it('stops waiting for its delay when the signal aborts', async () => {
    const backend = open({ delayMs: 3_600_000 })
    const controller = new AbortController()
    const created = backend.create(request(backend), controller.signal)
    controller.abort(new Error('enough'))
    await expect(created).rejects.toThrow('enough')
  })

  it('crashes after it sent: the message is there, and the outcome is unknown', async () => {
    const server = createMemoryServer()
    const agent = await spawn(open({ server }), 'first')
    const backend = open({ server, crash: { at: 'send:after', how: 'reject' } })
    const sent = backend.send(agent, { id: 'm2', text: 'second' }, signal)
    await expect(sent).rejects.toMatchObject({ code: 'BACKEND_ERROR', outcome: 'unknown' })
    expect(server.received('one')).toEqual(['first', 'second'])
  })

  it('calls the barrier before and after a call', async () => {
    const points: string[] = []
    const backend = open({ barrier: (point) => void points.push(point) })
    await backend.create(request(backend), signal)
    expect(points).toEqual(['create:before', 'create:after'])
  })

  it('takes an agent of another server for unknown, not for gone', async () => {
    const agent = await spawn(open(), 'hello')
    const other = open()
    const { observations, complete } = await other.observe([agent], signal)
    expect(observations[0]?.existence).toMatchObject({ known: false, reason: { code: 'OTHER_SERVER' } })
    expect(complete).toBe(false)
    await expect(other.stop(agent, signal)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' })
    await expect(other.find([agent.target], signal)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' })
  })

  it('says what is missing when it is asked to read an agent that it does not know', async () => {
    const backend = open()
    const agent = { ...(await spawn(backend, 'hello')), handle: { key: 'no such key' } }
    const page = await backend.read(agent, { last: 1, before: null, raw: false }, signal)
    expect(page).toMatchObject({ items: [], gap: { code: 'GONE' } })
  })

  it('rejects a cursor that is none', async () => {
    const backend = open()
    const agent = await spawn(backend, 'hello')
    const page = backend.read(agent, { last: 1, before: 'nowhere', raw: false }, signal)
    await expect(page).rejects.toBeInstanceOf(RangeError)
  })
})

describe('createBackend()', () => {
  it('names the option that it does not know, and those that it does', () => {
    expect(() => createBackend({ color: 'red' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: 'Cannot read option "color" of the memory backend: no such option',
        hint: expect.stringContaining('directory, survives, without'),
      }),
    )
  })

  it('names the option whose value is wrong', () => {
    expect(() => createBackend({ delayMs: '5s' })).toThrow('option "delayMs" of the memory backend: its value is not')
  })

  it('shares its server with other processes through the state directory', async () => {
    const { stdout } = await runProcess('fixtures/create-agent.ts', [stateDirectory, 'elsewhere'])
    const backend = createBackend({})(host())
    const found = await backend.find([backend.target], signal)
    expect(found.map(({ id, handle }) => ({ id, handle }))).toEqual([{ id: 'elsewhere', handle: JSON.parse(stdout) }])
  })

  it('dies after the agent was made, which is found afterwards', async () => {
    const options = JSON.stringify({ crash: { at: 'create:after', how: 'die' } })
    const ended = await runProcess('fixtures/create-agent.ts', [stateDirectory, 'orphan', options])
    expect(ended).toEqual({ stdout: '', code: null, signal: 'SIGKILL' })
    const backend = createBackend({})(host())
    expect((await backend.find([backend.target], signal)).map(({ id, begun }) => [id, begun])).toEqual([
      ['orphan', 'no'],
    ])
  })
})

describe('createMemoryServer()', () => {
  it('plays the side of the agents: finish, exit, restart', async () => {
    const server = createMemoryServer()
    const backend = open({ server })
    const agent = await spawn(backend, '[[hang: working]]')
    const look = async () => (await backend.observe([agent], signal)).observations[0]
    server.finish('one')
    expect((await look())?.turn).toMatchObject({ value: { status: 'ended', how: 'completed' } })
    server.exit('one', { code: null, signal: 'SIGSEGV' })
    expect((await look())?.process).toMatchObject({ value: { alive: false, exit: { signal: 'SIGSEGV' } } })
    server.restart()
    expect((await look())?.existence).toMatchObject({ value: 'lost' })
  })

  it('does not know an agent that was never there', () => {
    expect(() => createMemoryServer().finish('nobody')).toThrow(RangeError)
  })
})
