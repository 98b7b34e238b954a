import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { TIMING } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile, perTest } from '../../../tests/harness/scope.ts'
import { startProxy } from '../../../tests/harness/start-proxy.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { receivedTexts } from '../../../tests/scripted-model/received-texts.ts'
import { opencode } from '../src/index.ts'
import { createAgent, startAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const own = perTest()
const { signal } = new AbortController()
let site: Site
beforeAll(async () => {
  site = await openSite(scope, { bash: 'ask' })
})

const everything = { last: 100_000, before: null, raw: false }

describe('create()', () => {
  it('puts the id into title and metadata, and works in the directory asked for', async () => {
    const request = site.request({ title: 'Mend the login' })
    const agent = await createAgent(site.open(), request)
    const { sessionId } = agent.ref().handle as { sessionId: string }
    expect(await site.call(`/session/${sessionId}`)).toMatchObject({
      title: `Mend the login (${request.id})`,
      directory: request.directory,
      metadata: { orch: { id: request.id, namespace: 'test00000000' } },
    })
  })

  it('refuses an unknown model before it makes anything, and names those there are', async () => {
    const backend = site.open()
    const request = site.request({ model: 'scripted/no-such' })
    await expect(backend.create(request, signal)).rejects.toMatchObject({
      code: 'CREATE_FAILED',
      message: 'Cannot use model "scripted/no-such": the server does not have it',
      hint: 'Choose one of "scripted/scripted", "scripted/small"',
    })
    expect((await backend.find([backend.target], signal)).map(({ id }) => id)).not.toContain(request.id)
  })

  it('refuses an unknown agent definition likewise', async () => {
    await expect(site.open().create(site.request({ mode: 'painter' }), signal)).rejects.toMatchObject({
      code: 'CREATE_FAILED',
      hint: 'Choose one of "build", "plan"',
    })
  })

  it('shows the model that answers, also of an agent that was made without naming one', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[answer: hi]]')
    expect(await agent.observe()).toMatchObject({ model: 'scripted/scripted' })
  })

  it('sends model and agent definition with every message', async () => {
    const request = site.request({ model: 'small', mode: 'plan' })
    const backend = site.open()
    const { model, handle } = await backend.create(request, signal)
    expect(model).toBe('scripted/small')
    const [found] = (await backend.find([backend.target], signal)).filter((each) => each.id === request.id)
    expect(found?.handle).toEqual(handle)
    const { id, target, directory } = request
    const ref = { id, target, directory, handle, facts: null, attempts: [] }
    for (const text of ['first', 'second']) await backend.send(ref, { id: `${id}-${text}`, text }, signal)
    const { sessionId } = handle as { sessionId: string }
    type Message = { info: { role: string; agent: string; model?: { modelID: string } } }
    const asked = async (): Promise<Message['info'][]> =>
      (await site.call<Message[]>(`/session/${sessionId}/message`)).flatMap(({ info }) =>
        info.role === 'user' ? [info] : [],
      )
    expect(await asked()).toMatchObject([
      { agent: 'plan', model: { modelID: 'small' } },
      { agent: 'plan', model: { modelID: 'small' } },
    ])
  })

  it('lets an agent use its workspace outside its directory without asking, also when it must ask for the rest', async () => {
    const elsewhere = (await own.use(temporaryFolder())).path
    const workspace = join(elsewhere, '.orch', 'workspace', 'agent-elsewhere')
    mkdirSync(workspace, { recursive: true })
    const file = join(workspace, 'WORKSPACE.md')
    for (const permission of ['ask', null] as const) {
      const request = site.request({ permission, workspace })
      const agent = await startAgent(
        site.open(),
        request,
        `[[write: ${file} | Phase: ${permission}]] [[answer: written]]`,
      )
      expect(await agent.ended()).toMatchObject({ how: 'completed' })
      expect(readFileSync(file, 'utf8')).toBe(`Phase: ${permission}`)
    }
    const outside = join(elsewhere, 'other.txt')
    const agent = await startAgent(site.open(), site.request({ workspace }), `[[write: ${outside} | x]] [[answer: no]]`)
    expect(await agent.request()).toMatchObject({ kind: 'permission', text: `external_directory: ${elsewhere}/*` })
    expect(existsSync(outside)).toBe(false)
    await site.open().stop(agent.ref(), signal)
  })

  it('with permission "allow" asks for nothing, though the server is configured to ask', async () => {
    const prompt = '[[shell: echo free]] [[answer: done]]'
    const free = await startAgent(site.open(), site.request({ permission: 'allow' }), prompt)
    expect(await free.ended()).toMatchObject({ how: 'completed' })
    const bound = await startAgent(site.open(), site.request(), prompt)
    expect(await bound.request()).toMatchObject({ text: 'bash: echo free' })
    await site.open().stop(bound.ref(), signal)
  })

  it('with permission "ask" asks before a command and a change', async () => {
    const backend = site.open()
    for (const [prompt, text] of [
      ['[[shell: echo asked]] [[answer: done]]', 'bash: echo asked'],
      ['[[write: asked.txt | x]] [[answer: done]]', '/asked.txt'],
    ] as const) {
      const agent = await startAgent(backend, site.request({ permission: 'ask' }), prompt)
      expect((await agent.request()).text).toContain(text)
      await backend.stop(agent.ref(), signal)
    }
  })
})

describe('send()', () => {
  it('tells two identical texts apart, and the model received both', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[answer: ready]] mark-twice')
    await agent.ended()
    const first = await agent.send('yes')
    await agent.ended()
    const second = await agent.send('yes')
    await agent.ended()
    expect([first.delivery, second.delivery]).toEqual(['confirmed', 'confirmed'])
    expect(first.evidence[0]?.detail).not.toBe(second.evidence[0]?.detail)
    expect(receivedTexts(site.model.requests, 'mark-twice').filter((text) => text === 'yes')).toHaveLength(2)
  })

  it('behind a running turn is queued, and one answer ends all of it', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[answer: busy]] [[hold: queue]]')
    await eventually(() => site.model.waiting().includes('queue'))
    expect(await agent.send('[[answer: one]]')).toMatchObject({ delivery: 'queued' })
    expect(await agent.send('[[answer: two]]')).toMatchObject({ delivery: 'queued' })
    site.model.release('queue')
    await agent.ended()
    const { items } = await site.open().read(agent.ref(), everything, signal)
    expect(items.map(({ text }) => text)).toEqual([
      ...['[[answer: busy]] [[hold: queue]]', 'busy', '[[answer: one]]', '[[answer: two]]', 'two'],
    ])
  })

  it('is unconfirmed when the connection broke or the server failed, confirmed when it arrived all the same', async () => {
    const proxy = await own.use(startProxy({ target: site.record().url }))
    const { stateDirectory, environment } = site
    const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
    const backend = opencode({ server: proxy.url, password: site.record().password })(host)
    const agent = await startAgent(backend, site.request({ target: backend.target }), '[[answer: ready]]')
    await agent.ended()
    let lost = false
    proxy.intercept(({ path }) => {
      lost ||= path.endsWith('/prompt_async')
      return lost ? 'reset' : 'pass'
    })
    const receipt = await agent.send('lost on the way')
    expect(receipt).toMatchObject({ delivery: 'unconfirmed', reason: { code: 'BACKEND_UNREACHABLE' } })
    proxy.intercept(({ path }) =>
      path.endsWith('/prompt_async') ? { status: 500, type: 'application/json', body: '{}' } : 'pass',
    )
    expect(await agent.send('refused in the middle')).toMatchObject({
      delivery: 'unconfirmed',
      reason: { code: 'BACKEND_ERROR' },
    })
    proxy.intercept(({ path, headers }) => {
      if (!path.endsWith('/prompt_async')) return 'pass'
      const body = JSON.stringify({
        parts: [{ type: 'text', text: 'through', metadata: { orch: { message: 'through' } } }],
      })
      const passed = { authorization: headers.authorization ?? '', 'content-type': 'application/json' }
      fetch(`${site.record().url}${path}`, { method: 'POST', headers: passed, body }).catch(() => {})
      return 'reset'
    })
    const through = await backend.send(agent.ref(), { id: 'through', text: 'through' }, signal)
    expect(through.delivery).toMatch(/^(confirmed|queued)$/)
    proxy.intercept()
    const turn = (await agent.observe()).turn
    expect(turn).toMatchObject({ value: { status: 'running' } })
    expect(agent.ref().attempts).toHaveLength(2)
  })

  it('is accepted when the server took a message that its session never shows', async () => {
    const proxy = await own.use(startProxy({ target: site.record().url }))
    const { stateDirectory, environment } = site
    const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
    const backend = opencode({ server: proxy.url, password: site.record().password })(host)
    const agent = await createAgent(backend, site.request({ target: backend.target }))
    proxy.intercept(({ path }) => (path.endsWith('/prompt_async') ? { status: 204 } : 'pass'))
    const started = Date.now()
    expect(await agent.send('swallowed')).toMatchObject({ delivery: 'accepted', reason: null })
    expect(Date.now() - started).toBeGreaterThanOrEqual(TIMING.inFlightMs)
  })

  it('to a session that is not there is refused', async () => {
    const agent = await createAgent(site.open(), site.request())
    const { directory } = agent.ref()
    const handle = { sessionId: 'ses_0000000000000000000000000x', directory, model: null, mode: null }
    const receipt = await site.open().send({ ...agent.ref(), handle }, { id: 'm', text: 'hello' }, signal)
    expect(receipt).toMatchObject({ delivery: 'refused', reason: { code: 'GONE' } })
  })
})

describe('read()', () => {
  it('shows messages, reasoning and tool calls with their status', async () => {
    const prompt = '[[think: let me see]] [[shell: echo out; exit 3]] [[tool: nonsense | {}]] [[answer: fin]]'
    const agent = await startAgent(site.open(), site.request({ permission: 'allow' }), prompt)
    await agent.ended()
    const { items } = await site.open().read(agent.ref(), everything, signal)
    expect(items.map(({ kind, role, text, tool, final }) => ({ kind, role, text, tool, final }))).toMatchObject([
      { kind: 'message', role: 'user', text: prompt },
      { kind: 'reasoning', role: 'assistant', text: 'let me see' },
      {
        kind: 'tool',
        tool: { name: 'bash', status: 'completed', input: 'echo out; exit 3', durationMs: expect.any(Number) },
      },
      { kind: 'tool', tool: { name: 'invalid' } },
      { kind: 'message', role: 'assistant', text: 'fin', final: true },
    ])
    expect(items.every(({ at }) => !Number.isNaN(Date.parse(at ?? '')))).toBe(true)
  })

  it('reads no more of a long conversation than it needs', async () => {
    const proxy = await own.use(startProxy({ target: site.record().url }))
    const { stateDirectory, environment } = site
    const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
    const backend = opencode({ server: proxy.url, password: site.record().password })(host)
    const agent = await startAgent(backend, site.request({ target: backend.target }), '[[answer: 0]]')
    for (let index = 1; index < 8; index += 1) {
      await agent.ended()
      await agent.send(`[[answer: ${index}]]`)
    }
    await agent.ended()
    proxy.forget()
    const newest = await backend.read(agent.ref(), { last: 3, before: null, raw: false }, signal)
    expect(newest.items.map(({ text }) => text)).toEqual(['6', '[[answer: 7]]', '7'])
    const pages = proxy.requests.filter(({ path }) => path.endsWith('/message'))
    expect(pages.map(({ query }) => query.limit)).toEqual(['4'])
    const older = await backend.read(agent.ref(), { last: 2, before: newest.before, raw: false }, signal)
    expect(older.items.map(({ text }) => text)).toEqual(['5', '[[answer: 6]]'])
  })
})

describe('observe()', () => {
  it('shows what a turn used, and that it is retried', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[rate-limit: 1, 3]] [[answer: at last]]')
    await eventually(async () => {
      const { turn } = await agent.observe()
      return turn.known && turn.value.status === 'running' && turn.value.reason?.code === 'RETRYING'
    })
    await agent.ended()
    const { usage } = await agent.observe()
    expect(usage).toMatchObject({
      known: true,
      value: { inputTokens: expect.any(Number), outputTokens: 2, costUsd: expect.any(Number) },
    })
  })

  it('of a session that was put away is a complete look, which shows that it is gone', async () => {
    const agent = await createAgent(site.open(), site.request())
    await site.open().stop(agent.ref(), signal)
    const look = await site.open().observe([agent.ref()], signal)
    expect(look).toMatchObject({ complete: true, observations: [{ existence: { known: true, value: 'gone' } }] })
  })

  it('shows a turn that the model cannot answer as an error, with what the server said', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[error: 400]]')
    expect(await agent.ended()).toMatchObject({
      how: 'error',
      reason: { code: 'APIError', text: 'Scripted error 400' },
    })
  })
})
