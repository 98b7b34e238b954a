import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from './scripted-model.ts'

const scope = perTest()
const tools = ['bash', 'write'].map((name) => ({ type: 'function', function: { name } }))

function ask(url: string, content: string, rest: object = {}): Promise<Response> {
  const messages = [{ role: 'user', content }]
  const body = JSON.stringify({ model: 'scripted', messages, tools, ...rest })
  return fetch(`${url}/chat/completions`, { method: 'POST', body })
}

async function answerOf(response: Response): Promise<{ content: string; tool_calls?: { function: object }[] }> {
  const document = (await response.json()) as { choices: { message: { content: string } }[] }
  return document.choices[0]?.message as { content: string }
}

describe('startScriptedModel()', () => {
  it('answers one document when no stream is asked for', async () => {
    const model = await scope.use(startScriptedModel())
    const response = await ask(model.url, '[[answer: All is well]] [[shell: ls]] [[answer: later]]')
    expect(await answerOf(response)).toEqual({
      role: 'assistant',
      content: 'All is well',
      tool_calls: [
        {
          id: expect.any(String),
          type: 'function',
          function: { name: 'bash', arguments: expect.stringContaining('"command":"ls"') },
        },
      ],
    })
  })

  it('streams chunks that end with a finish reason, usage and [DONE]', async () => {
    const model = await scope.use(startScriptedModel())
    const text = await (await ask(model.url, '[[answer: one two]]', { stream: true })).text()
    const lines = text.trim().split('\n\n')
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.replace('data: ', '')))
    expect(lines.at(-1)).toBe('data: [DONE]')
    expect(chunks.map(({ choices }) => choices[0].delta.content)).toEqual(['one', ' two', undefined])
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: { completion_tokens: 2 },
    })
  })

  it.each([true, false])('bills what it is told to, and shows what it billed: stream %s', async (stream) => {
    const model = await scope.use(startScriptedModel())
    const text = await (await ask(model.url, '[[usage: 100, 40, 10, 3]] [[answer: x]]', { stream })).text()
    const [last = ''] = text.split('\n').filter((line) => line.includes('"usage"'))
    expect(JSON.parse(last.replace('data: ', '')).usage).toEqual({
      prompt_tokens: 100,
      prompt_tokens_details: { cached_tokens: 40 },
      completion_tokens: 10,
      completion_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 110,
    })
    expect(model.requests).toMatchObject([
      { usage: { promptTokens: 100, cachedTokens: 40, completionTokens: 10, reasoningTokens: 3 } },
    ])
  })

  it('lists its models', async () => {
    const model = await scope.use(startScriptedModel())
    const list = await (await fetch(`${model.url}/models`)).json()
    expect(list).toMatchObject({ data: [{ id: 'scripted' }, { id: 'small' }] })
  })

  it('answers a request without tools plainly and does not run its markers', async () => {
    const model = await scope.use(startScriptedModel())
    const response = await ask(model.url, 'Title of: [[error: 500]]', { tools: [] })
    expect(response.status).toBe(200)
    expect(model.requests).toMatchObject([{ kind: 'housekeeping', state: 'answered' }])
  })

  it('repeats a message without markers', async () => {
    const model = await scope.use(startScriptedModel())
    expect(await answerOf(await ask(model.url, 'use OAuth'))).toMatchObject({ content: 'Received: use OAuth' })
  })

  it('says which marker it cannot read', async () => {
    const model = await scope.use(startScriptedModel())
    expect(await answerOf(await ask(model.url, '[[aswer: x]]'))).toMatchObject({
      content: 'Cannot read marker "[[aswer: x]]": no such marker',
    })
  })

  it('refuses the same conversation as often as told, and counts each conversation by itself', async () => {
    const model = await scope.use(startScriptedModel())
    const status = async (text: string): Promise<number> => (await ask(model.url, text)).status
    const prompt = '[[error: 503, 2]] [[answer: x]]'
    expect([await status(prompt), await status(prompt), await status(prompt)]).toEqual([503, 503, 200])
    expect(await status(`${prompt} other`)).toBe(503)
    expect(await status('[[error: 500]]')).toBe(500)
    expect(await status('[[error: 500]]')).toBe(500)
  })

  it('breaks off in the middle as often as told, and then answers', async () => {
    const model = await scope.use(startScriptedModel())
    const prompt = '[[answer: half]] [[cut: 1]] [[answer: whole]]'
    await expect((await ask(model.url, prompt, { stream: true })).text()).rejects.toThrow('terminated')
    expect(await answerOf(await ask(model.url, prompt))).toMatchObject({ content: 'half\nwhole' })
  })

  it('gives the finish reason that it is told', async () => {
    const model = await scope.use(startScriptedModel())
    const prompt = '[[answer: half]] [[finish: length]]'
    expect(await (await ask(model.url, prompt)).json()).toMatchObject({ choices: [{ finish_reason: 'length' }] })
    expect(await (await ask(model.url, prompt, { stream: true })).text()).toContain('"finish_reason":"length"')
  })

  it('tells with a rate limit when to come again', async () => {
    const model = await scope.use(startScriptedModel())
    const response = await ask(model.url, '[[rate-limit: 1, 7]] [[answer: x]]')
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
  })

  it('holds a response until another process releases it', async () => {
    const model = await scope.use(startScriptedModel())
    const pending = ask(model.url, '[[hold: a gate]] [[answer: free]]')
    await eventually(() => model.waiting().includes('a gate'))
    expect(await (await fetch(`${model.controlUrl}/state`)).json()).toMatchObject({
      waiting: ['a gate'],
      requests: [{ state: 'open' }],
    })
    await fetch(`${model.controlUrl}/release/a%20gate`, { method: 'POST' })
    expect(await answerOf(await pending)).toMatchObject({ content: 'free' })
    expect(model.waiting()).toEqual([])
  })

  it('does not hold a response at a name that was released before', async () => {
    const model = await scope.use(startScriptedModel())
    model.release('early')
    expect(await answerOf(await ask(model.url, '[[hold: early]] [[answer: free]]'))).toMatchObject({ content: 'free' })
  })

  it('notices that the client of a held response has gone', async () => {
    const model = await scope.use(startScriptedModel())
    const abort = new AbortController()
    const body = JSON.stringify({ model: 'scripted', tools, messages: [{ role: 'user', content: '[[hang]]' }] })
    const pending = fetch(`${model.url}/chat/completions`, { method: 'POST', body, signal: abort.signal })
    await eventually(() => model.requests.length === 1)
    abort.abort()
    await expect(pending).rejects.toThrow('aborted')
    await eventually(() => model.requests[0]?.state === 'aborted')
  })

  it('answers a body that is no JSON, and an unknown route, with an error', async () => {
    const model = await scope.use(startScriptedModel())
    const post = { method: 'POST', body: 'nonsense' }
    expect((await fetch(`${model.url}/chat/completions`, post)).status).toBe(400)
    expect((await fetch(`${model.url}/nothing`)).status).toBe(404)
  })

  it('refuses connections once it is closed', async () => {
    const model = await startScriptedModel()
    await model.close()
    await model.close()
    await expect(fetch(`${model.url}/models`)).rejects.toThrow('fetch failed')
  })
})

describe('main.ts', () => {
  it('prints the URL of a model and ends on SIGTERM', async () => {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', main, '--port', '0'])
    scope.defer(() => child.kill('SIGKILL'))
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const models = await fetch(`${line.toString().trim()}/models`)
    expect(models.status).toBe(200)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
