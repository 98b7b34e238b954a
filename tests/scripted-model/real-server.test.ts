import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { gitRepository } from '../harness/git-repository.ts'
import {
  type OpenCodeSession,
  openCodeSession,
  type StoredMessage,
  type StoredPart,
} from '../harness/open-code-session.ts'
import { perFile } from '../harness/scope.ts'
import { type OpenCodeServer, startOpenCode } from '../harness/start-open-code.ts'
import { receivedTexts } from './received-texts.ts'
import { type ScriptedModel, startScriptedModel } from './scripted-model.ts'

const scope = perFile()
let model: ScriptedModel
let server: OpenCodeServer
let directory: string

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  server = await scope.use(startOpenCode({ model, permission: { edit: { 'asked.txt': 'ask' } } }))
  directory = await gitRepository(join(server.directory, 'repository'), { 'asked.txt': 'old\n' })
})

async function prompted(text: string): Promise<OpenCodeSession> {
  const session = await openCodeSession(server, directory)
  await session.prompt(text)
  return session
}

function partsOf(messages: StoredMessage[], type: string): StoredPart[] {
  return messages.flatMap(({ info, parts }) =>
    info.role === 'assistant' ? parts.filter((part) => part.type === type) : [],
  )
}

function textsOf(messages: StoredMessage[]): (string | undefined)[] {
  return partsOf(messages, 'text').map(({ text }) => text)
}

describe('the scripted model behind a real OpenCode server', () => {
  it('answers with text, and with reasoning', async () => {
    const session = await prompted('[[think: Let me see]] [[answer: All is well]]')
    const messages = await session.turnEnd()
    expect(textsOf(messages)).toEqual(['All is well'])
    expect(partsOf(messages, 'reasoning')).toMatchObject([{ text: 'Let me see' }])
    expect(messages.at(-1)?.info.finish).toBe('stop')
  })

  it('streams slowly, visible as deltas', async () => {
    const stream = await server.events()
    const session = await prompted('[[slow: 5, 20]]')
    const messages = await session.turnEnd()
    expect(textsOf(messages)).toEqual(['chunk 1 chunk 2 chunk 3 chunk 4 chunk 5'])
    const deltas = stream.events.flatMap((event) => deltaOf(event, session.id))
    expect(deltas).toEqual(['chunk 1', ' chunk 2', ' chunk 3', ' chunk 4', ' chunk 5'])
  })

  it('runs a shell command, then answers', async () => {
    const session = await prompted('[[shell: echo hello from $((40 + 2))]] [[answer: It ran]]')
    const messages = await session.turnEnd()
    expect(partsOf(messages, 'tool')).toMatchObject([
      { tool: 'bash', state: { status: 'completed', output: 'hello from 42\n' } },
    ])
    expect(textsOf(messages)).toEqual(['It ran'])
    expect(model.requests.at(-1)?.toolResults).toEqual(['hello from 42\n'])
  })

  it('writes a file', async () => {
    const session = await prompted('[[write: new.txt | one\\ntwo\\n]]')
    expect(textsOf(await session.turnEnd())).toEqual(['Tool result: Wrote file successfully.'])
    expect(await readFile(join(directory, 'new.txt'), 'utf8')).toBe('one\ntwo\n')
  })

  it('edits a file after the permission is given, and not before', async () => {
    const session = await prompted('[[edit: asked.txt | old | new]] [[answer: Edited]]')
    const [request] = await session.requests('permission')
    expect(request).toMatchObject({ permission: 'edit', patterns: ['asked.txt'] })
    expect(await readFile(join(directory, 'asked.txt'), 'utf8')).toBe('old\n')
    await server.call('POST', `/permission/${request?.id}/reply`, { directory, body: { reply: 'once' } })
    expect(textsOf(await session.turnEnd())).toEqual(['Edited'])
    expect(await readFile(join(directory, 'asked.txt'), 'utf8')).toBe('new\n')
  })

  it('asks a question and goes on with the answer', async () => {
    const session = await prompted('[[question: Which colour? | red | blue]]')
    const [request] = await session.requests('question')
    expect(request).toMatchObject({ questions: [{ question: 'Which colour?' }] })
    const body = { answers: [['blue']] }
    await server.call('POST', `/question/${request?.id}/reply`, { directory, body })
    expect(textsOf(await session.turnEnd())).toEqual([expect.stringContaining('"Which colour?"="blue"')])
  })

  it('calls a tool that does not exist', async () => {
    const session = await prompted('[[tool: nosuch | {"a": 1}]] [[answer: Then not]]')
    const messages = await session.turnEnd()
    expect(partsOf(messages, 'tool')).toMatchObject([{ tool: 'invalid' }])
    expect(textsOf(messages)).toEqual(['Then not'])
  })

  it('reports its phase with the command that the prompt holds, as one step of several', async () => {
    const report = join(directory, 'report.sh')
    await writeFile(report, `#!/bin/sh\nprintf '<%s>' "$@" > ${directory}/report.txt\n`, { mode: 0o700 })
    const session = await prompted(
      [
        'Do [[write: work.txt | done]] [[shell: cat work.txt]] [[phase: Complete - it is "done"]] [[answer: Over]]',
        '```',
        `'/bin/sh' '${report}' phase PHASE --note NOTE --id work-7k3q --project '${directory}'`,
        '```',
      ].join('\n'),
    )
    const messages = await session.turnEnd()
    const tools = partsOf(messages, 'tool').map(({ tool, state }) => [tool, state?.status])
    expect(tools).toEqual([
      ['write', 'completed'],
      ['bash', 'completed'],
      ['bash', 'completed'],
    ])
    expect(await readFile(join(directory, 'report.txt'), 'utf8')).toBe(
      `<phase><Complete><--note><it is "done"><--id><work-7k3q><--project><${directory}>`,
    )
    expect(textsOf(messages)).toEqual(['Over'])
  })

  it('fails with error 400, and the turn ends with it', async () => {
    const session = await prompted('[[error: 400]]')
    const messages = await session.turnEnd()
    expect(messages.at(-1)?.info.error).toMatchObject({ name: 'APIError', data: { statusCode: 400 } })
  })

  it('fails with error 500, which the server retries until it is aborted', async () => {
    const session = await prompted('[[error: 500]]')
    const status = await eventually(async () => (await session.status())?.type === 'retry' && session.status())
    expect(status).toMatchObject({ attempt: expect.any(Number), message: 'Scripted error 500' })
    await server.call('POST', `/session/${session.id}/abort`)
    const ended = (await session.turnEnd()).at(-1)?.info
    expect([ended?.finish, ended?.error]).toEqual([undefined, undefined])
  })

  it('answers after a rate limit', async () => {
    const session = await prompted('[[rate-limit: 1, 1]] [[answer: At last]]')
    await eventually(async () => (await session.status())?.type === 'retry')
    expect(textsOf(await session.turnEnd())).toEqual(['At last'])
    const attempts = model.requests.filter(({ userTexts }) =>
      userTexts.includes('[[rate-limit: 1, 1]] [[answer: At last]]'),
    )
    expect(attempts.map(({ state }) => state)).toEqual(['refused', 'answered'])
  })

  it('hangs until it is aborted, and sees the client go', async () => {
    const session = await prompted('[[answer: So far]] [[hang]]')
    const request = await eventually(() => model.requests.find(({ userTexts }) => userTexts[0]?.includes('[[hang]]')))
    await eventually(async () => partsOf(await session.messages(), 'text').length === 1)
    expect(request.state).toBe('open')
    await server.call('POST', `/session/${session.id}/abort`)
    const messages = await session.turnEnd()
    expect(messages.at(-1)?.info.error?.name).toBe('MessageAbortedError')
    expect(textsOf(messages)).toEqual(['So far'])
    await eventually(() => request.state === 'aborted')
  })

  it('holds a turn open until it is released', async () => {
    const session = await prompted('[[answer: Before]] [[hold: real]] [[answer: after]]')
    await eventually(() => model.waiting().includes('real'))
    expect(await session.status()).toEqual({ type: 'busy' })
    model.release('real')
    expect(textsOf(await session.turnEnd())).toEqual(['Before\nafter'])
  })

  it('shows which texts arrived, in order, duplicates included', async () => {
    const session = await prompted('first of texts')
    await session.turnEnd()
    for (const text of ['same', 'same']) {
      const before = (await session.messages()).length
      await session.prompt(text)
      await eventually(async () => (await session.messages()).length > before)
      await session.turnEnd()
    }
    expect(receivedTexts(model.requests, 'first of texts')).toEqual(['first of texts', 'same', 'same'])
  })

  it('keeps markers out of titles: the small model is asked for them', async () => {
    const session = await openCodeSession(server, directory, { title: undefined })
    await session.prompt('[[hold: titled]] [[answer: Done]]')
    await eventually(() => model.waiting().includes('titled'))
    const title = await eventually(async () => {
      const { title } = await server.call<{ title: string }>('GET', `/session/${session.id}`)
      return title === 'Scripted title' && title
    })
    expect(title).toBe('Scripted title')
    model.release('titled')
    await session.turnEnd()
    expect(model.requests.filter(({ kind }) => kind === 'housekeeping')).toMatchObject([{ model: 'small' }])
  })
})

function deltaOf(event: unknown, sessionID: string): string[] {
  const { type, properties } = (event as { payload: { type: string; properties: Record<string, string> } }).payload
  return type === 'message.part.delta' && properties.sessionID === sessionID ? [properties.delta ?? ''] : []
}
