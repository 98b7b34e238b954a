import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { gitRepository } from '../../../tests/harness/git-repository.ts'
import { processesWithEnvironment } from '../../../tests/harness/processes.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { type OpenCodeServer, startOpenCode } from '../../../tests/harness/start-open-code.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { type ScriptedModel, startScriptedModel } from '../../../tests/scripted-model/scripted-model.ts'
import { createOpenCodeClient, type OpenCodeClient, type PromptAnswer } from '../src/open-code-client/index.ts'

const UNKNOWN = 'ses_0000000000000000000000000A'
const scope = perFile()
let model: ScriptedModel
let server: OpenCodeServer
let client: OpenCodeClient

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  server = await scope.use(startOpenCode({ model, permission: { edit: 'ask' }, config: { snapshot: true } }))
  const { url, password, directory } = server
  client = createOpenCodeClient({ url, password, directory })
  scope.defer(() => client.close())
})

const newSession = async (title = 'A test'): Promise<string> => (await client.sessions.create({ title })).id

const textOf = (answer: PromptAnswer | null): string =>
  (answer?.parts ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')

async function isIdle(sessionId: string): Promise<boolean> {
  return (await client.status())[sessionId] === undefined
}

/** A session whose turn does not end by itself. */
async function busySession(): Promise<string> {
  const sessionId = await newSession()
  await client.promptAsync({ sessionId, text: '[[hang]]' })
  await eventually(async () => (await client.status())[sessionId]?.type === 'busy')
  return sessionId
}

describe('health()', () => {
  it('tells the version', async () => {
    expect(await client.health()).toEqual({ version: server.environment.version })
  })
})

describe('sessions', () => {
  it('are created with what they are given, found, and unknown otherwise', async () => {
    const permission = [{ permission: 'bash', pattern: '*', action: 'deny' }] as const
    const created = await client.sessions.create({ title: 'Mine', metadata: { shop: 7 }, permission })
    expect(created).toMatchObject({ title: 'Mine', metadata: { shop: 7 }, permission, directory: server.directory })
    expect(await client.sessions.get(created.id)).toMatchObject({ id: created.id, title: 'Mine' })
    expect(await client.sessions.get(UNKNOWN)).toBeNull()
  })

  it('are listed beyond any page, of all directories or exactly one, without the archived unless asked', async () => {
    const directory = (await scope.use(temporaryFolder())).path
    const ids: string[] = []
    for (let index = 0; index < 7; index += 1) ids.push((await client.sessions.create({}, { directory })).id)
    const [archived = ''] = ids
    expect((await client.sessions.archive(archived))?.time.archived).toBeGreaterThan(0)
    const listed = async (filter: Parameters<OpenCodeClient['sessions']['list']>[0]): Promise<string[]> =>
      (await client.sessions.list(filter)).map(({ id }) => id).sort()
    expect(await listed({ directory, pageSize: 2 })).toEqual(ids.slice(1).sort())
    expect(await listed({ directory, pageSize: 2, archived: true })).toEqual(ids.sort())
    const here = await newSession('Needle in it')
    expect(await listed({})).toEqual(expect.arrayContaining([here, ...ids.filter((id) => id !== archived)]))
    expect(await listed({ search: 'Needle' })).toEqual([here])
    expect(await client.sessions.archive(UNKNOWN)).toBeNull()
  })

  it('have children, which can be left out of the list', async () => {
    const parentID = await newSession()
    const { id } = await client.sessions.create({ parentID })
    expect(await client.sessions.children(parentID)).toMatchObject([{ id, parentID }])
    expect(await client.sessions.children(UNKNOWN)).toBeNull()
    const roots = (await client.sessions.list({ rootsOnly: true })).map((session) => session.id)
    expect(roots).toContain(parentID)
    expect(roots).not.toContain(id)
  })

  it('are forked with the conversation before a message, or all of it', async () => {
    const sessionId = await newSession()
    await client.prompt({ sessionId, text: '[[answer: one]]' })
    const second = await client.prompt({ sessionId, text: '[[answer: two]]' })
    const messageId = second?.info.parentID ?? ''
    const count = async (id = ''): Promise<number | undefined> =>
      (await client.messages.list({ sessionId: id }))?.messages.length
    expect(await count((await client.sessions.fork({ sessionId }))?.id)).toBe(4)
    expect(await count((await client.sessions.fork({ sessionId, messageId }))?.id)).toBe(2)
    expect(await client.sessions.fork({ sessionId, messageId: 'msg_unknown' })).toBeNull()
    expect(await client.sessions.fork({ sessionId: UNKNOWN })).toBeNull()
  })

  it('are deleted after their turn was ended, with what it had started', async () => {
    const { name, value } = server.environment.mark
    const others = async (): Promise<number> => (await processesWithEnvironment(name, value)).length - 1
    const sessionId = await newSession()
    await client.promptAsync({ sessionId, text: '[[shell: sleep 1000]]' })
    await eventually(async () => (await others()) > 0)
    expect(await client.sessions.delete(sessionId)).toBe(true)
    expect(await client.sessions.get(sessionId)).toBeNull()
    await eventually(async () => (await others()) === 0)
    expect(await client.sessions.delete(sessionId)).toBe(false)
  })
})

describe('prompt()', () => {
  it('waits for the answer', async () => {
    const sessionId = await newSession()
    const answer = await client.prompt({ sessionId, text: '[[answer: It is done]]' })
    expect(answer?.info).toMatchObject({ sessionID: sessionId, role: 'assistant', finish: 'stop' })
    expect(textOf(answer)).toBe('It is done')
    expect(await client.prompt({ sessionId: UNKNOWN, text: 'x' })).toBeNull()
  })

  it('takes parts, a model and an agent', async () => {
    const sessionId = await newSession()
    const parts = [{ type: 'text', text: '[[answer: from a part]]', metadata: { mine: 1 } }] as const
    const { models } = { models: await client.models.list() }
    const { providerID, id: modelID } = models[0] ?? { providerID: '', id: '' }
    const answer = await client.prompt({ sessionId, parts, model: { providerID, modelID }, agent: 'plan' })
    expect(answer?.info).toMatchObject({ agent: 'plan', providerID, modelID })
    expect(textOf(answer)).toBe('from a part')
    const asked = await client.messages.get({ sessionId, messageId: answer?.info.parentID ?? '' })
    expect(asked?.parts).toMatchObject([{ type: 'text', metadata: { mine: 1 } }])
  })

  it('keeps the model for later prompts, known or not, and the agent for none', async () => {
    const small = { providerID: 'scripted', modelID: 'small' }
    const { id: sessionId } = await client.sessions.create({
      model: { id: 'small', providerID: 'scripted' },
      agent: 'plan',
    })
    const used = async (): Promise<unknown> => (await client.prompt({ sessionId, text: '[[answer: x]]' }))?.info
    expect(await used()).toMatchObject({ agent: 'build', modelID: 'small' })
    await client.promptAsync({ sessionId, text: 'x', model: { ...small, modelID: 'unknown' } })
    await eventually(async () => (await client.sessions.get(sessionId))?.model?.id === 'unknown')
    await expect(used()).rejects.toMatchObject({ code: 'BACKEND_ERROR' })
    await client.prompt({ sessionId, text: '[[answer: x]]', model: small, agent: 'plan' })
    expect(await used()).toMatchObject({ agent: 'build', modelID: 'small' })
  })

  it('resolves with the error of a turn that failed', async () => {
    const answer = await client.prompt({ sessionId: await newSession(), text: '[[error: 400]]' })
    expect(answer?.info.error).toMatchObject({ name: 'APIError' })
  })

  it('rejects when the server does not know the agent', async () => {
    const prompt = client.prompt({ sessionId: await newSession(), text: 'x', agent: 'nobody' })
    await expect(prompt).rejects.toMatchObject({ code: 'BACKEND_ERROR', outcome: 'unknown' })
  })

  it('ends at its deadline or with its signal, and the turn goes on', async () => {
    const sessionId = await newSession()
    const late = client.prompt({ sessionId, text: '[[hold: late]] [[answer: here]]' }, { timeoutMs: 1_500 })
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' })
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const ended = client.prompt({ sessionId, text: '[[answer: two]]' }, { signal: controller.signal })
    controller.abort(reason)
    await expect(ended).rejects.toBe(reason)
    expect((await client.status())[sessionId]).toEqual({ type: 'busy' })
    model.release('late')
    await eventually(() => isIdle(sessionId))
    expect(JSON.stringify(await client.messages.list({ sessionId }))).toContain('here')
  })
})

describe('promptAsync()', () => {
  it('returns at once; status() shows the turn and abort() ends it', async () => {
    const sessionId = await busySession()
    expect(await client.abort(sessionId)).toBe(true)
    await eventually(() => isIdle(sessionId))
    const page = await eventually(async () => {
      const found = await client.messages.list({ sessionId, limit: 1 })
      const info = found?.messages[0]?.info
      return info?.role === 'assistant' && info.error?.name === 'MessageAbortedError' && found
    })
    expect(page.messages).toHaveLength(1)
    expect(await client.abort(sessionId)).toBe(true)
  })

  it('of a session that the server does not know is refused, and so is abort()', async () => {
    expect(await client.promptAsync({ sessionId: UNKNOWN, text: 'x' })).toBe(false)
    expect(await client.abort(UNKNOWN)).toBe(false)
  })
})

describe('messages', () => {
  it('are read page by page, newest page first, each oldest first', async () => {
    const sessionId = await newSession()
    for (const text of ['one', 'two', 'three']) await client.prompt({ sessionId, text: `[[answer: ${text}]]` })
    const all = (await client.messages.list({ sessionId }))?.messages.map(({ info }) => info.id) ?? []
    expect(all).toHaveLength(6)
    const paged: string[] = []
    for (let before: string | null | undefined; before !== null; ) {
      const page = await client.messages.list({ sessionId, limit: 4, before })
      paged.unshift(...(page?.messages ?? []).map(({ info }) => info.id))
      before = page?.before ?? null
    }
    expect(paged).toEqual(all)
    const [messageId = ''] = all
    expect(await client.messages.get({ sessionId, messageId })).toMatchObject({ info: { id: messageId, role: 'user' } })
  })

  it('are unknown when their session is, or they are', async () => {
    expect(await client.messages.list({ sessionId: UNKNOWN })).toBeNull()
    const sessionId = await newSession()
    expect(await client.messages.get({ sessionId, messageId: 'msg_unknown' })).toBeNull()
    const strange = client.messages.list({ sessionId, before: 'strange' })
    await expect(strange).rejects.toMatchObject({
      code: 'BACKEND_ERROR',
      message: expect.stringContaining('BadRequest'),
    })
  })
})

describe('toolCalls() and todo()', () => {
  it('tell what the agent called and what it means to do', async () => {
    const sessionId = await newSession()
    const todos = [{ content: 'Paint it', status: 'pending', priority: 'high' }]
    const text = `[[shell: echo first]] [[tool: todowrite | ${JSON.stringify({ todos })}]] [[answer: done]]`
    await client.prompt({ sessionId, text })
    expect(await client.toolCalls(sessionId)).toMatchObject([
      { tool: 'bash', state: { status: 'completed', output: expect.stringContaining('first') } },
      { tool: 'todowrite', state: { status: 'completed' } },
    ])
    expect(await client.todo(sessionId)).toEqual(todos)
    expect([await client.toolCalls(UNKNOWN), await client.todo(UNKNOWN)]).toEqual([null, null])
  })
})

describe('diff()', () => {
  it('tells the changes that a prompt made', async () => {
    const folder = (await scope.use(temporaryFolder())).path
    const directory = await gitRepository(join(folder, 'shop'), { 'price.js': 'one\n' })
    const { id: sessionId } = await client.sessions.create({}, { directory })
    const answer = await client.prompt({ sessionId, text: '[[shell: echo two > price.js]] [[answer: done]]' })
    const messageId = answer?.info.parentID
    const changes = await eventually(async () => {
      const found = await client.diff({ sessionId, messageId })
      return found !== null && found.length > 0 && found
    })
    expect(changes).toMatchObject([{ file: 'price.js', status: 'modified' }])
    expect(await client.diff({ sessionId: await newSession() })).toEqual([])
    expect(await client.diff({ sessionId: UNKNOWN })).toBeNull()
  })
})

describe('permissions', () => {
  it('are listed in their directory, and answered there once', async () => {
    const sessionId = await newSession()
    const turn = client.prompt({ sessionId, text: '[[write: allowed | yes]] [[answer: written]]' })
    const own = await eventually(
      async () => (await client.permissions.list()).filter((one) => one.sessionID === sessionId)[0],
    )
    expect(own.permission).toBe('edit')
    const elsewhere = { directory: (await scope.use(temporaryFolder())).path }
    expect(await client.permissions.list(elsewhere)).toEqual([])
    expect(await client.permissions.reply({ requestId: own.id, reply: 'once' }, elsewhere)).toBe(false)
    expect(existsSync(join(server.directory, 'allowed'))).toBe(false)
    expect(await client.permissions.reply({ requestId: own.id, reply: 'once' })).toBe(true)
    expect(textOf(await turn)).toBe('written')
    expect(existsSync(join(server.directory, 'allowed'))).toBe(true)
    expect(await client.permissions.reply({ requestId: own.id, reply: 'once' })).toBe(false)
  })
})

describe('questions', () => {
  const ask = async (): Promise<{ requestId: string; turn: Promise<PromptAnswer | null>; sessionId: string }> => {
    const sessionId = await newSession()
    const turn = client.prompt({ sessionId, text: '[[question: Which? | red | blue]] [[answer: thanks]]' })
    const own = await eventually(
      async () => (await client.questions.list()).filter((one) => one.sessionID === sessionId)[0],
    )
    expect(own.questions).toMatchObject([{ question: 'Which?', options: [{ label: 'red' }, { label: 'blue' }] }])
    return { requestId: own.id, turn, sessionId }
  }

  it('take an answer', async () => {
    const { requestId, turn, sessionId } = await ask()
    expect(await client.questions.reply({ requestId, answers: [['blue']] })).toBe(true)
    expect(textOf(await turn)).toBe('thanks')
    expect(await client.toolCalls(sessionId)).toMatchObject([{ state: { output: expect.stringContaining('blue') } }])
    expect(await client.questions.reply({ requestId, answers: [['red']] })).toBe(false)
  })

  it('can be rejected, which ends the turn', async () => {
    const { requestId, turn, sessionId } = await ask()
    expect(await client.questions.reject(requestId)).toBe(true)
    await turn
    expect(await client.toolCalls(sessionId)).toMatchObject([{ state: { status: 'error' } }])
    expect(await client.questions.reject(requestId)).toBe(false)
  })
})

describe('agents, providers and models', () => {
  it('are listed', async () => {
    expect((await client.agents.list()).map(({ name }) => name)).toEqual(expect.arrayContaining(['build', 'plan']))
    const { providers, default: preferred } = await client.providers.list()
    expect(providers.map(({ id }) => id)).toEqual(['scripted'])
    const models = (await client.models.list()).map(({ id }) => id)
    expect(models).toEqual(Object.keys(providers[0]?.models ?? {}))
    expect(models).toContain(preferred.scripted)
  })
})
