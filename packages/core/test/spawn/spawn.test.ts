import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Backend, CreateRequest } from '../../src/backend.ts'
import { OrchError } from '../../src/errors.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { status } from '../../src/orchestrator/status.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, interrupted, type Place, type PlaceOptions } from '../harness/place.ts'

const RULE = { permission: 'bash', pattern: 'git *', action: 'allow' } as const

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('spawn()', () => {
  it('makes an agent, gives it the whole task and says how that was delivered', async () => {
    const orch = await place.open()
    const document = await spawn(orch, { task: 'Fix the login [[answer: on it]]' })
    const { id } = document.agent
    expect(id).toMatch(/^fix-the-login-answer-on-[a-z0-9]{4}$/)
    expect(document).toMatchObject({
      apiVersion: 1,
      warnings: [],
      created: true,
      prompt: { delivery: 'confirmed', messageId: expect.any(String), evidence: [expect.anything()] },
      agent: {
        task: 'Fix the login [[answer: on it]]',
        project: place.project,
        directory: place.project,
        backend: 'memory',
        lifecycle: 'active',
        state: 'idle',
        workspace: join(place.project, '.orch/workspace', id),
        parent: null,
        endedAt: null,
      },
    })
    expect(place.server.received(id)).toEqual([
      readFileSync(join(document.agent.workspace, 'SPAWN_CONTEXT.md'), 'utf8'),
    ])
    expect(place.server.received(id)[0]).toContain('Fix the login [[answer: on it]]')
    expect(statSync(document.agent.workspace).mode & 0o777).toBe(0o700)
  })

  it('is JSON without loss', async () => {
    const document = await spawn(await place.open(), { task: 'x' })
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
  })

  it('remembers who spawned it, and the commit and branch it starts on', async () => {
    await gitRepository(place.project)
    const orch = await place.open({ env: { ...place.env, ORCH_AGENT_ID: 'parent-7k3q' } })
    const { agent } = await spawn(orch, { task: 'x' })
    expect(agent).toMatchObject({ parent: 'parent-7k3q', branch: 'main' })
    expect((await orch.registry.get(agent.id))?.record.base).toBe(await git(place.project, 'rev-parse', 'HEAD'))
    expect(await git(place.project, 'status', '--porcelain')).toBe('')
  })

  it('works in a worktree and keeps the workspace in the main checkout', async () => {
    await gitRepository(place.project)
    const tree = join(place.folder, 'tree')
    await git(place.project, 'worktree', 'add', '--quiet', tree)
    const { agent } = await spawn(await place.open({ directory: tree }), { task: 'x' })
    expect(agent).toMatchObject({ project: place.project, directory: tree })
    expect(agent.workspace.startsWith(place.project)).toBe(true)
  })

  it.each([
    ['fast', 'near/small'],
    ['toString', 'toString'],
  ])('gives the backend for the model %j the model %j', async (model, name) => {
    const requests: CreateRequest[] = []
    mkdirSync(join(place.project, '.orch'))
    writeFileSync(join(place.project, '.orch', 'config.json'), '{ "models": { "fast": "near/small" } }')
    const { agent } = await spawn(await place.open({ wrap: recording(requests) }), { task: 'x', model })
    expect(requests).toMatchObject([{ model: name }])
    expect(agent.model).toBe(name)
  })

  it('gives the backend complete arguments', async () => {
    const requests: CreateRequest[] = []
    const orch = await place.open({ wrap: recording(requests) })
    const task = `  First line\nsecond line ${'x'.repeat(5_000)}`
    const document = await spawn(orch, {
      task,
      name: 'my-name',
      model: 'm',
      mode: 'plan',
      permission: 'ask',
      permissionRules: [RULE],
      program: 'vim',
    })
    const { id, workspace } = document.agent
    expect(id).toMatch(/^my-name-[a-z0-9]{4}$/)
    expect(requests).toEqual([
      {
        id,
        title: 'First line',
        prompt: expect.stringContaining('x'.repeat(5_000)),
        project: place.project,
        directory: place.project,
        workspace,
        target: orch.backendName === null ? (await orch.backend('memory')).target : null,
        program: null,
        programName: 'vim',
        model: 'm',
        mode: 'plan',
        permission: 'ask',
        permissionRules: [RULE],
        env: { ORCH_AGENT_ID: id, ORCH_WORKSPACE: workspace, ORCH_PROJECT: place.project },
      },
    ])
    expect(document.agent.task.length).toBeLessThan(task.length)
    expect(readFileSync(join(workspace, 'SPAWN_CONTEXT.md'), 'utf8')).toContain('x'.repeat(5_000))
  })

  it('does not give a task twice to a program that took it as an argument', async () => {
    mkdirSync(join(place.project, '.orch'))
    const programs = { mine: { command: 'mine', promptBy: 'argument' } }
    writeFileSync(join(place.project, '.orch/config.json'), JSON.stringify({ programs }))
    const { agent, prompt } = await spawn(await place.open(), { task: 'x', program: 'mine' })
    expect(prompt.delivery).toBe('confirmed')
    expect(agent).toMatchObject({ lifecycle: 'active', program: 'mine' })
    expect(place.server.received(agent.id)).toHaveLength(1)
  })

  it.each(['', '   ', '\n\t'])('refuses the empty task %j before anything is made', async (task) => {
    await expect(spawn(await place.open(), { task })).rejects.toMatchObject({ code: 'EMPTY_TASK' })
    await expectNothingLeft()
  })

  it.each(['Fix Login', '../up', '', 'a'.repeat(41), '-a'])(
    'refuses the name %j before anything is made',
    async (name) => {
      await expect(spawn(await place.open(), { task: 'x', name })).rejects.toMatchObject({ code: 'USAGE' })
      await expectNothingLeft()
    },
  )

  it.each(['.orch', '.orch/workspace'])('leaves nothing behind when a file stands at %s', async (path) => {
    mkdirSync(join(place.project, path, '..'), { recursive: true })
    writeFileSync(join(place.project, path), '')
    await expect(spawn(await place.open(), { task: 'x' })).rejects.toMatchObject({
      code: 'WORKSPACE_UNWRITABLE',
      outcome: 'none',
      hint: expect.any(String),
    })
    await expectNothingLeft()
  })

  it('leaves nothing behind when the backend made nothing', async () => {
    const refuse = failing('create', new OrchError('BACKEND_UNREACHABLE', 'Cannot reach it: no'))
    await expect(spawn(await place.open({ wrap: refuse }), { task: 'x' })).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
      backend: 'memory',
      agent: expect.any(String),
    })
    await expectNothingLeft()
  })

  it('keeps a failed record, adoptable later, when the backend may have made something', async () => {
    const orch = await place.open({ memory: { crash: { at: 'create:before', how: 'reject' } } })
    await expect(spawn(orch, { task: 'x' })).rejects.toMatchObject({ code: 'BACKEND_ERROR', outcome: 'unknown' })
    const { agents } = await status(await place.open())
    expect(agents).toMatchObject([{ lifecycle: 'failed', state: 'failed', reason: { code: 'BACKEND_ERROR' } }])
  })

  it('ends again what was made and could not be recorded', async () => {
    const orch = onceFull(await place.open())
    await expect(spawn(orch, { task: 'x' })).rejects.toMatchObject({ code: 'DISK', outcome: 'none' })
    expect(place.server.agents()).toEqual([])
    await expectNothingLeft()
  })

  it('never forgets an agent that was made, could not be recorded and could not be ended again', async () => {
    const unstoppable = failing('stop', new OrchError('BACKEND_UNREACHABLE', 'Cannot reach it: no'))
    const orch = onceFull(await place.open({ wrap: unstoppable }))
    await expect(spawn(orch, { task: 'x' })).rejects.toMatchObject({
      code: 'DISK',
      outcome: 'partial',
      hint: expect.stringMatching(/"orch check x-/),
    })
    const [id = ''] = place.server.agents()
    expect(place.server.received(id)).toEqual([])
    const { agents, orphans } = await status(await place.open())
    expect({ agents, orphans }).toMatchObject({ agents: [{ id, state: 'idle', lifecycle: 'active' }], orphans: [] })
    expect(place.server.received(id)).toEqual([expect.stringMatching(/^x\n/)])
  })

  it('fails, keeps the agent adoptable and says what to do when the agent refuses its task', async () => {
    const at = new Date().toISOString()
    const reason = { code: 'BUSY', text: 'It is at something else' }
    const refuse: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      begin: async () => ({ messageId: null, delivery: 'refused', reason, evidence: [], at }),
    })
    const orch = await place.open({ wrap: refuse })
    await expect(spawn(orch, { task: 'x' })).rejects.toMatchObject({
      code: 'CREATE_FAILED',
      outcome: 'partial',
      message: expect.stringContaining('It is at something else'),
      hint: expect.stringContaining('orch abandon'),
    })
    const { agents } = await status(orch)
    expect(agents).toMatchObject([{ lifecycle: 'failed', state: 'failed', reason }])
  })

  it('says how the program ended that was to get its task', async () => {
    const die: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      begin: async (agent, message, signal) => {
        place.server.exit(agent.id, { code: 3, signal: null })
        return backend.begin(agent, message, signal)
      },
    })
    const orch = await place.open({ wrap: die })
    await expect(spawn(orch, { task: 'x' })).rejects.toMatchObject({
      code: 'CREATE_FAILED',
      message: expect.stringMatching(/^Cannot give "x-\w+" its task: Its program ended with code 3 before that$/),
      hint: expect.stringMatching(/"orch tail x-\w+"$/),
    })
    expect(await status(orch)).toMatchObject({ agents: [{ lifecycle: 'failed', reason: { code: 'PROCESS_ENDED' } }] })
  })

  it('does not begin when it is aborted, and leaves that to the next status', async () => {
    const controller = new AbortController()
    const orch = await place.open({
      memory: { barrier: (point) => (point === 'create:after' ? controller.abort(new Error('enough')) : undefined) },
    })
    await expect(spawn(orch, { task: 'x', signal: controller.signal })).rejects.toThrow('enough')
    const [id = ''] = place.server.agents()
    expect(place.server.received(id)).toEqual([])
    const { agents } = await status(await place.open())
    expect(agents).toMatchObject([{ id, lifecycle: 'active', state: 'idle' }])
    expect(place.server.received(id)).toHaveLength(1)
  })

  it('rejects with the reason of an aborted signal, and nothing rejects unseen', async () => {
    const unseen: unknown[] = []
    const onUnseen = (error: unknown): void => void unseen.push(error)
    process.on('unhandledRejection', onUnseen)
    scope.defer(() => process.off('unhandledRejection', onUnseen))
    const orch = await place.open()
    for (const signal of [AbortSignal.abort('enough'), AbortSignal.timeout(1)]) {
      await expect(spawn(orch, { task: 'x', signal })).rejects.toBeDefined()
      await git(place.folder, '--version')
    }
    expect(unseen).toEqual([])
  })
})

describe('spawn() with a key', () => {
  it('refuses an empty one', async () => {
    const orch = await place.open()
    await expect(spawn(orch, { task: 'x', key: ' ' })).rejects.toMatchObject({ code: 'USAGE' })
    expect(await orch.registry.ids('open')).toEqual([])
  })

  it('makes one agent, however often and from wherever it is asked at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => place.open()))
    const documents = await Promise.all(all.map((orch) => spawn(orch, { task: 'x', key: 'nightly' })))
    expect(new Set(documents.map(({ agent }) => agent.id)).size).toBe(1)
    expect(documents.filter(({ created }) => created)).toHaveLength(1)
    for (const { agent, prompt } of documents)
      expect([agent.lifecycle, prompt.delivery]).toEqual(['active', 'confirmed'])
    expect(place.server.agents()).toHaveLength(1)
    expect(place.server.received(documents[0]?.agent.id as string)).toHaveLength(1)
  })

  it('is bound to the project and to the key', async () => {
    const other = join(place.folder, 'other')
    mkdirSync(other)
    const orch = await place.open()
    const ids = [
      await spawn(orch, { task: 'x', key: 'a' }),
      await spawn(orch, { task: 'x', key: 'b' }),
      await spawn(await place.open({ directory: other }), { task: 'x', key: 'a' }),
      await spawn(orch, { task: 'x' }),
    ].map(({ agent }) => agent.id)
    expect(new Set(ids).size).toBe(4)
  })

  it('never expires: a completed agent keeps it', async () => {
    const orch = await place.open()
    const { agent } = await spawn(orch, { task: 'x', key: 'a' })
    const stored = await orch.registry.get(agent.id)
    const set = { lifecycle: 'completed', endedAt: agent.spawnedAt } as const
    await orch.registry.archive(agent.id, stored?.revision ?? 0, { type: 'completed', set })
    const again = await spawn(orch, { task: 'x', key: 'a' })
    expect(again).toMatchObject({ created: false, agent: { id: agent.id, state: 'done' } })
  })

  it('is free again after a spawn that provably made nothing, for one of those who ask', async () => {
    const refuse = failing('create', new OrchError('BACKEND_UNREACHABLE', 'Cannot reach it: no'))
    const broken = await place.open({ wrap: refuse })
    await expect(spawn(broken, { task: 'x', key: 'a' })).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' })
    const all = await Promise.all(Array.from({ length: 10 }, () => place.open()))
    const documents = await Promise.all(all.map((orch) => spawn(orch, { task: 'x', key: 'a' })))
    expect(new Set(documents.map(({ agent }) => agent.id)).size).toBe(1)
    expect(documents[0]?.agent.state).toBe('idle')
    expect(place.server.agents()).toHaveLength(1)
  })

  it('is not free after a spawn that may have made something', async () => {
    const orch = await place.open({ memory: { crash: { at: 'create:after', how: 'reject' } } })
    await expect(spawn(orch, { task: 'x', key: 'a' })).rejects.toMatchObject({ outcome: 'unknown' })
    const [id] = place.server.agents()
    expect(await spawn(await place.open(), { task: 'x', key: 'a' })).toMatchObject({ created: false, agent: { id } })
    expect(place.server.agents()).toHaveLength(1)
  })

  it('goes on with the spawn of a process that died', async () => {
    const orch = await place.open()
    const half = interrupted(orch, { key: 'a', target: (await orch.backend('memory')).target, owner: null })
    orch.claims.create(`key\0${orch.project}\0a`, 1, JSON.stringify(half.id))
    await orch.registry.create(half)
    const made = await orch
      .backend('memory')
      .then((backend) => backend.create(requestFor(half), AbortSignal.timeout(5_000)))
    expect(made.begun).toBe(false)
    mkdirSync(half.workspace, { recursive: true })
    writeFileSync(join(half.workspace, 'SPAWN_CONTEXT.md'), 'the task')
    const again = await spawn(orch, { task: 'x', key: 'a' })
    expect(again).toMatchObject({
      created: false,
      prompt: { delivery: 'confirmed' },
      agent: { id: half.id, state: 'idle' },
    })
    expect(place.server.received(half.id)).toEqual(['the task'])
  })

  it('goes on with a claim whose process died before it made a record', async () => {
    const orch = await place.open()
    orch.claims.create(`key\0${orch.project}\0a`, 1, '"claimed-only-7k3q"')
    expect(await spawn(orch, { task: 'x', key: 'a' })).toMatchObject({
      created: true,
      agent: { id: 'claimed-only-7k3q', state: 'idle' },
    })
  })

  it('stays with its agent, and goes to one when there is none, whatever a power loss left of its claim', async () => {
    const orch = await place.open()
    const first = await spawn(orch, { task: 'x', key: 'a' })
    const { content = '', place: file = '' } = orch.claims.latest(`key\0${orch.project}\0a`) ?? {}
    const cuts = Array.from({ length: content.length }, (_, bytes) => content.slice(0, bytes))
    for (const left of [...cuts, '\0'.repeat(content.length), first.agent.id]) {
      writeFileSync(file, left)
      expect([left, await spawn(orch, { task: 'x', key: 'a' })]).toEqual([
        left,
        expect.objectContaining({ created: false, agent: expect.objectContaining({ id: first.agent.id }) }),
      ])
    }
    writeFileSync(join(place.state, 'ended', 'damaged-7k3q.jsonl'), 'cut')
    rmSync(place.recordFile(first.agent.id))
    await expect(spawn(orch, { task: 'x', key: 'a' })).rejects.toMatchObject({
      code: 'RECORD_CORRUPT',
      hint: expect.stringContaining('damaged-7k3q.jsonl'),
    })
    rmSync(join(place.state, 'ended', 'damaged-7k3q.jsonl'))
    writeFileSync(file, '')
    const all = await Promise.all(Array.from({ length: 8 }, () => place.open()))
    const next = await Promise.all(all.map((one) => spawn(one, { task: 'x', key: 'a' })))
    expect(new Set(next.map(({ agent }) => agent.id)).size).toBe(1)
    expect(next.filter(({ created }) => created)).toHaveLength(1)
  })
})

async function expectNothingLeft(): Promise<void> {
  const { agents, orphans } = await status(await place.open())
  expect({ agents, orphans, made: place.server.agents() }).toEqual({ agents: [], orphans: [], made: [] })
  expect(readdirSync(join(place.state, 'agents'))).toEqual([])
  const workspaces = join(place.project, '.orch', 'workspace')
  const left = existsSync(workspaces) && statSync(workspaces).isDirectory() ? readdirSync(workspaces) : []
  expect(left).toEqual([])
}

function recording(requests: CreateRequest[]): (backend: Backend) => Backend {
  return (backend) => ({
    ...backend,
    create: (request, signal) => {
      requests.push(request)
      return backend.create(request, signal)
    },
  })
}

function failing(method: 'create' | 'begin' | 'stop', error: Error): (backend: Backend) => Backend {
  return (backend) => ({ ...backend, [method]: () => Promise.reject(error) })
}

function requestFor(half: { readonly id: string; readonly target: CreateRequest['target'] }): CreateRequest {
  return {
    id: half.id,
    title: 'x',
    prompt: 'the task',
    project: place.project,
    directory: place.project,
    workspace: place.project,
    target: half.target,
    program: null,
    programName: null,
    model: null,
    mode: null,
    permission: null,
    permissionRules: [],
    env: {},
  }
}

/** A registry that has no room for one append, and then has again. */
function onceFull(opened: Orch): Orch {
  let full = true
  const append: Orch['registry']['append'] = async (...args) => {
    if (!full) return await opened.registry.append(...args)
    full = false
    throw new OrchError('DISK', 'Cannot write: the disk is full')
  }
  return { ...opened, registry: { ...opened.registry, append } }
}
