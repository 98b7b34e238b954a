import { describe, expect, it } from '@jest/globals'
import { parseRequests, parseSession, parseStatuses } from '../src/parse.ts'
import { parseMessage } from '../src/parse-message.ts'
import { recorded, recordedMessages } from './support/recorded.ts'

describe('parseSession()', () => {
  const sessions = (recorded('sessions') as unknown[]).map(parseSession)

  it('understands every recorded session', () => {
    expect(sessions.length).toBeGreaterThan(10)
    expect(sessions).not.toContain(null)
  })

  it('tells a session that was never given a message', () => {
    const unprompted = sessions.filter((session) => session?.begun !== 'yes')
    expect(unprompted.map((session) => [session?.title, session?.begun])).toEqual([['never-started (orch)', 'no']])
    expect(parseSession({ id: 's', directory: '/', time: { created: 1, updated: 2 } })?.begun).toBe('unknown')
  })

  it('takes running totals as usage', () => {
    expect(sessions.find((session) => session?.title === 'queued (orch)')?.usage).toEqual({
      ...{ inputTokens: 4954, outputTokens: 8, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
      costUsd: 0,
    })
  })

  it('takes a tag only with id and namespace', () => {
    const session = { id: 'ses_1', directory: '/project', time: { created: 1, updated: 2, archived: 3 } }
    expect(parseSession({ ...session, metadata: { orch: { id: 'a' } } })?.tag).toBeNull()
    const tag = { id: 'a', namespace: 'n', model: 'p/m', mode: null }
    expect(parseSession({ ...session, metadata: { orch: tag } })).toMatchObject({ tag, archivedAt: 3, updatedAt: 2 })
  })

  it('is null for anything else', () => {
    for (const value of [null, 1, 'ses', [], {}, { id: 1 }, { id: 'ses_1' }]) expect(parseSession(value)).toBeNull()
  })
})

describe('parseStatuses()', () => {
  it('lists who is at work or retrying, and nobody else', () => {
    expect([...(parseStatuses(recorded('status-busy')) ?? [])].map(([, status]) => status)).toEqual([{ type: 'busy' }])
    expect([...(parseStatuses(recorded('status-retry')) ?? [])].map(([, status]) => status)).toEqual([
      { type: 'retry', attempt: 1, message: 'Scripted error 429' },
    ])
    expect(parseStatuses({ ses_1: { type: 'idle' } })).toEqual(new Map())
    expect(parseStatuses(recorded('status-after-restart'))).toEqual(new Map())
  })

  it('is null for what is no object', () => {
    for (const value of [null, [], 'text']) expect(parseStatuses(value)).toBeNull()
  })
})

describe('parseMessage()', () => {
  it('reads role, parent, end and error', () => {
    const [asked, answer] = recordedMessages('aborted')
    expect(asked).toMatchObject({ role: 'user', parentId: null, error: null })
    expect(answer).toMatchObject({ role: 'assistant', parentId: asked?.id, finish: null })
    expect(answer?.error).toEqual({ name: 'MessageAbortedError', text: 'Aborted' })
    expect(recordedMessages('error')[1]?.error).toEqual({ name: 'APIError', text: 'Scripted error 400' })
  })

  it('finds the id that orch gave a message', () => {
    const [asked] = recordedMessages('answer')
    expect(asked?.parts.map(({ tag }) => tag)).toEqual(['m1'])
  })

  it('reads model and usage of an answer, and knows none of a question', () => {
    const [asked, answer] = recordedMessages('answer')
    expect(answer).toMatchObject({
      model: { providerID: 'scripted', modelID: 'scripted' },
      usage: { inputTokens: 2457, outputTokens: 6, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
    })
    expect(asked).toMatchObject({ model: null, usage: { inputTokens: null, costUsd: null } })
  })

  it('reads a tool call with what it has printed so far', () => {
    const running = recordedMessages('tool-running').flatMap(({ parts }) => parts.flatMap(({ tool }) => tool ?? []))
    expect(running).toEqual([
      {
        ...{ name: 'bash', callId: expect.any(String), status: 'running', output: 'begun\n' },
        input: { command: 'echo begun; sleep 1000', description: 'Runs the scripted command' },
        ...{ isShortened: false, diff: null, newFile: null, subagentId: null },
      },
    ])
  })

  it('reads what an edit changed, and which session a subagent has', () => {
    const toolOf = (name: string): unknown =>
      recordedMessages(name).flatMap(({ parts }) => parts.flatMap(({ tool }) => tool ?? []))[0]
    const [child] = (recorded('children') as unknown[]).map(parseSession)
    expect(toolOf('permission-once')).toMatchObject({ diff: expect.stringContaining('-old\n+new\n'), newFile: null })
    expect(toolOf('write')).toMatchObject({ diff: null, newFile: '/project/new.txt' })
    expect(toolOf('subagent-open')).toMatchObject({ status: 'running', subagentId: child?.id })
  })

  it('is null for anything else', () => {
    for (const value of [null, {}, { info: {} }, { info: { id: 'm', role: 'tool' } }])
      expect(parseMessage(value)).toBeNull()
  })
})

describe('parseRequests()', () => {
  it('reads a permission with its file and difference', () => {
    expect(parseRequests('permission', recorded('permissions'))).toMatchObject([
      { permission: 'edit', patterns: ['a.txt'], metadata: { filepath: '/project/a.txt' }, always: ['*'] },
    ])
  })

  it('reads a question with its labels', () => {
    const [question] = parseRequests('question', recorded('questions')) ?? []
    expect(question?.questions).toEqual([{ text: 'Which colour?', labels: ['red', 'blue'] }])
  })

  it('is null for what is no list', () => {
    expect(parseRequests('question', { error: true })).toBeNull()
  })
})
