import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { perTest } from '../../../tests/harness/scope.ts'
import { type CallOptions, createOpenCodeClient, type OpenCodeClient } from '../src/open-code-client/index.ts'

const own = perTest()
const SESSION = 'ses_1'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A client of a server that answers every request like this. */
async function clientOf(answer: Answer, requestTimeoutMs = 5_000): Promise<OpenCodeClient & { requests: string[] }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(response, request)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  own.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = createOpenCodeClient({ url, requestTimeoutMs, promptTimeoutMs: requestTimeoutMs, directory: '/shop' })
  own.defer(() => client.close())
  return { ...client, requests }
}

const json =
  (status: number, body: string): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)

type Call = (client: OpenCodeClient, options?: CallOptions) => Promise<unknown>

/** Every method, by its name. */
const CALLS: Readonly<Record<string, Call>> = {
  'sessions.list': (client, options) => client.sessions.list({}, options),
  'sessions.get': (client, options) => client.sessions.get(SESSION, options),
  'sessions.create': (client, options) => client.sessions.create({}, options),
  'sessions.archive': (client, options) => client.sessions.archive(SESSION, options),
  'sessions.delete': (client, options) => client.sessions.delete(SESSION, options),
  'sessions.children': (client, options) => client.sessions.children(SESSION, options),
  'sessions.fork': (client, options) => client.sessions.fork({ sessionId: SESSION }, options),
  'messages.list': (client, options) => client.messages.list({ sessionId: SESSION }, options),
  'messages.get': (client, options) => client.messages.get({ sessionId: SESSION, messageId: 'msg_1' }, options),
  prompt: (client, options) => client.prompt({ sessionId: SESSION, text: 'x' }, options),
  promptAsync: (client, options) => client.promptAsync({ sessionId: SESSION, text: 'x' }, options),
  abort: (client, options) => client.abort(SESSION, options),
  status: (client, options) => client.status(options),
  toolCalls: (client, options) => client.toolCalls(SESSION, options),
  todo: (client, options) => client.todo(SESSION, options),
  diff: (client, options) => client.diff({ sessionId: SESSION }, options),
  'permissions.list': (client, options) => client.permissions.list(options),
  'permissions.reply': (client, options) => client.permissions.reply({ requestId: 'per_1', reply: 'once' }, options),
  'questions.list': (client, options) => client.questions.list(options),
  'questions.reply': (client, options) => client.questions.reply({ requestId: 'que_1', answers: [] }, options),
  'questions.reject': (client, options) => client.questions.reject('que_1', options),
  'agents.list': (client, options) => client.agents.list(options),
  'providers.list': (client, options) => client.providers.list(options),
  'models.list': (client, options) => client.models.list(options),
  health: (client, options) => client.health(options),
  events: async (client, options) => {
    const first = await client.events({ signal: options?.signal })[Symbol.asyncIterator]().next()
    options?.signal?.throwIfAborted()
    return first
  },
}

/** What each method comes to; they run side by side. */
async function outcomes(client: OpenCodeClient, options?: CallOptions): Promise<Record<string, unknown>> {
  const results = Object.entries(CALLS).map(async ([name, call]) => {
    const outcome = await call(client, options).then(
      (value) => ({ value }),
      (error: { code?: string }) => error.code ?? error,
    )
    return [name, outcome] as const
  })
  return Object.fromEntries(await Promise.all(results))
}

const each = (outcome: unknown): Record<string, unknown> =>
  Object.fromEntries(Object.keys(CALLS).map((name) => [name, outcome]))

describe('every method of a client', () => {
  it('is in this table', async () => {
    const client = await clientOf(() => {})
    const names = Object.entries(client).flatMap(([name, member]) =>
      typeof member === 'function' ? [name] : Object.keys(member).map((inner) => `${name}.${inner}`),
    )
    const methods = names.filter((name) => name !== 'close' && !name.startsWith('requests.'))
    expect(methods.sort()).toEqual(Object.keys(CALLS).sort())
  })

  it('ends with TIMEOUT when the server never answers', async () => {
    expect(await outcomes(await clientOf(() => {}, 300))).toEqual(each('TIMEOUT'))
  })

  it('has a deadline of its own', async () => {
    const client = await clientOf(() => {}, 60_000)
    const calls = Object.entries(CALLS).filter(([name]) => name !== 'events')
    const outcomes = calls.map(([, call]) => call(client, { timeoutMs: 300 }))
    const message = expect.stringContaining('did not answer within 300 ms')
    for (const outcome of outcomes) await expect(outcome).rejects.toMatchObject({ code: 'TIMEOUT', message })
  })

  it('ends with TIMEOUT when the answer never ends', async () => {
    const client = await clientOf((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('[')
    }, 300)
    expect(await outcomes(client)).toEqual(each('TIMEOUT'))
  })

  it('rejects with the reason of its signal, before and while it waits', async () => {
    const client = await clientOf(() => {}, 60_000)
    const reason = new Error('no longer wanted')
    const controller = new AbortController()
    const running = outcomes(client, { signal: controller.signal })
    controller.abort(reason)
    expect(await running).toEqual(each(reason))
    const asked = client.requests.length
    expect(await outcomes(client, { signal: controller.signal })).toEqual(each(reason))
    expect(client.requests).toHaveLength(asked)
  })

  it('takes HTML for no answer', async () => {
    const html = await clientOf((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'))
    expect(await outcomes(html)).toEqual({ ...each('BAD_ANSWER'), health: 'WRONG_SERVER', events: 'WRONG_SERVER' })
  })

  it('takes what looks like JSON and is not said to be for no answer', async () => {
    const answers = ['{}', '[]', 'true'].map(async (body) => {
      const client = await clientOf((response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(body))
      expect(await outcomes(client)).toEqual({ ...each('BAD_ANSWER'), health: 'WRONG_SERVER', events: 'WRONG_SERVER' })
    })
    await Promise.all(answers)
  })

  it('takes broken JSON, JSON of another kind, and nothing for no answer', async () => {
    expect(await outcomes(await clientOf(json(200, '{"a": [')))).toEqual(each('BAD_ANSWER'))
    expect(await outcomes(await clientOf(json(200, '')))).toEqual(each('BAD_ANSWER'))
    const number = { ...each('BAD_ANSWER'), events: 'WRONG_SERVER' }
    expect(await outcomes(await clientOf(json(200, '7')))).toEqual(number)
  })

  it('is BACKEND_UNREACHABLE when the connection breaks in the middle of the answer', async () => {
    const client = await clientOf((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('[{"id":')
      response.socket?.destroySoon()
    })
    expect(await outcomes(client)).toEqual(each('BACKEND_UNREACHABLE'))
  })

  it('is UNAUTHORIZED when the password is wrong', async () => {
    const client = await clientOf((response) => response.writeHead(401).end())
    expect(await outcomes(client)).toEqual(each('UNAUTHORIZED'))
  })
})

describe('an error of the server', () => {
  it.each([
    ['name', '{"name":"Broken","data":{"message":"no disk"}}'],
    ['_tag', '{"_tag":"Broken","message":"no disk"}'],
  ])('is BACKEND_ERROR and told, when it is told by "%s"', async (_, body) => {
    const client = await clientOf(json(500, body))
    const error = { code: 'BACKEND_ERROR', message: expect.stringContaining('answered 500 "Broken: no disk"') }
    await expect(client.sessions.get(SESSION)).rejects.toMatchObject({ ...error, retryable: true, outcome: 'none' })
    await expect(client.prompt({ sessionId: SESSION, text: 'x' })).rejects.toMatchObject({
      ...error,
      ...{ retryable: false, outcome: 'unknown' },
    })
  })

  it.each([
    ['name', '{"name":"NotFoundError","data":{"message":"Session not found"}}'],
    ['_tag', '{"_tag":"QuestionNotFoundError","requestID":"que_1"}'],
  ])('404 is null or false, when it is told by "%s"', async (_, body) => {
    const client = await clientOf(json(404, body))
    expect(await client.sessions.get(SESSION)).toBeNull()
    expect(await client.diff({ sessionId: SESSION }).catch(({ code }) => code)).toBe('BAD_ANSWER')
    expect(await client.questions.reply({ requestId: 'que_1', answers: [] })).toBe(false)
  })

  it('404 of something else than the server is no answer to whether there is such a session', async () => {
    const client = await clientOf(json(404, '{"message":"no Route matched with those values"}'))
    await expect(client.sessions.get(SESSION)).rejects.toMatchObject({ code: 'BACKEND_ERROR' })
    const page = await clientOf((response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>'))
    await expect(page.sessions.get(SESSION)).rejects.toMatchObject({ code: 'BAD_ANSWER' })
  })
})

describe('a list that goes on for ever', () => {
  it('ends when a page brings nothing new', async () => {
    const client = await clientOf((response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'x-next-cursor': '5' }).end('[{"id":"ses_1"}]'),
    )
    expect(await client.sessions.list()).toEqual([{ id: 'ses_1' }])
    expect(client.requests).toHaveLength(2)
  })

  it('of messages ends so too, and gives the tool calls of all pages, oldest first', async () => {
    const message = (id: number): string =>
      `{"info":{"id":"msg_${id}"},"parts":[{"type":"tool","id":"a${id}"},{"type":"text"},{"type":"tool","id":"b${id}"}]}`
    const client = await clientOf((response, { url = '' }) => {
      const first = url.includes('before=') ? 1 : 3
      response.writeHead(200, { 'content-type': 'application/json', 'x-next-cursor': 'c' })
      response.end(`[${message(first)},${message(first + 1)}]`)
    })
    const calls = (await client.toolCalls(SESSION))?.map(({ id }) => id)
    expect(calls).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4'])
    expect(client.requests).toHaveLength(3)
  })
})

describe('what the server would misunderstand', () => {
  it('is refused before anything is sent', async () => {
    const client = await clientOf(json(200, '{}'))
    const ids = ['', 'ses', 'ses_', 'foo', 'ses_1/abort', 'ses_1?x', 'msg_1', 'ses_1\n']
    for (const id of ids) await expect(client.sessions.get(id)).rejects.toThrow(TypeError)
    const wrong: Promise<unknown>[] = [
      client.sessions.delete('foo'),
      client.sessions.create({ parentID: 'foo' }),
      client.sessions.fork({ sessionId: SESSION, messageId: 'foo' }),
      client.sessions.list({ directory: 'relative' }),
      client.messages.get({ sessionId: SESSION, messageId: 'foo' }),
      client.diff({ sessionId: SESSION, messageId: 'foo' }),
      client.permissions.reply({ requestId: 'que_1', reply: 'once' }),
      client.questions.reject('per_1'),
      client.abort('foo'),
      client.status({ directory: '' }),
      client.prompt({ sessionId: SESSION }),
      client.promptAsync({ sessionId: SESSION, text: ' ', parts: [{ type: 'text', text: '' }] }),
      client.events({ directory: 'relative' })[Symbol.asyncIterator]().next(),
    ]
    for (const call of wrong) await expect(call).rejects.toThrow(TypeError)
    const numbers: Promise<unknown>[] = [
      client.messages.list({ sessionId: SESSION, limit: 0 }),
      client.sessions.list({ pageSize: 1.5 }),
      client.status({ timeoutMs: Number.NaN }),
    ]
    for (const call of numbers) await expect(call).rejects.toThrow(RangeError)
    expect(client.requests).toEqual([])
  })

  it('are options too', () => {
    expect(() => createOpenCodeClient({ url: 'localhost:4096' })).toThrow(TypeError)
    expect(() => createOpenCodeClient({ url: 'ftp://me:secret@host' })).toThrow(/"ftp:\/\/host"/)
    const url = 'http://127.0.0.1:1'
    expect(() => createOpenCodeClient({ url, directory: 'shop' })).toThrow(TypeError)
    expect(() => createOpenCodeClient({ url, requestTimeoutMs: 0 })).toThrow(RangeError)
    expect(() => createOpenCodeClient({ url, promptTimeoutMs: -1 })).toThrow(RangeError)
  })
})

describe('a request', () => {
  it('carries the directory, who asks, and the headers given', async () => {
    let seen: IncomingMessage['headers'] = {}
    const client = await clientOf((response, request) => {
      seen = request.headers
      json(200, '{}')(response, request)
    })
    await client.status()
    expect(seen).toMatchObject({ 'x-opencode-directory': '%2Fshop' })
    expect(seen.authorization).toBeUndefined()
    await client.status({ directory: '/a b/ü' })
    expect(seen['x-opencode-directory']).toBe(encodeURIComponent('/a b/ü'))
    const url = `http://${seen.host}`
    const other = createOpenCodeClient({ url, password: 'p', username: 'me', headers: { 'x-team': 'blue' } })
    own.defer(() => other.close())
    await other.status()
    expect(seen).toMatchObject({ authorization: `Basic ${btoa('me:p')}`, 'x-team': 'blue' })
    expect(seen['x-opencode-directory']).toBeUndefined()
  })
})
