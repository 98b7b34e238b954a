import { beforeAll, describe, expect, it } from '@jest/globals'
import type { FinalAnswer } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { answerIn, fromTask } from '../src/final-answer.ts'
import type { StoredMessage } from '../src/parse-message.ts'
import { startAgent, type TestAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'
import { recordedMessages } from './support/recorded.ts'

const { signal } = new AbortController()

describe('finalAnswer() of the real server', () => {
  const scope = perFile()
  let site: Site
  beforeAll(async () => {
    site = await openSite(scope, {})
  })

  const answerTo = async (agent: TestAgent, messageId: string | null): Promise<FinalAnswer | null | undefined> =>
    site.open().finalAnswer?.(agent.ref(), messageId ?? '', signal)

  it('is the last text of the turn, after its tools, and what all its steps used', async () => {
    const agent = await startAgent(site.open(), site.request({ permission: 'allow' }), '[[answer: ready]]')
    await agent.ended()
    const { messageId } = await agent.send('[[answer: let me see]] [[shell: echo out]] [[answer: fin\\nal]]')
    await agent.ended()
    const { usage } = (await agent.observe()) as { usage: { value: FinalAnswer['usage'] } }
    const answer = await answerTo(agent, messageId)
    expect(answer?.text).toBe('fin\nal')
    expect(answer?.usage?.outputTokens).toBeGreaterThan(0)
    expect(answer?.usage?.outputTokens).toBeLessThan(usage.value?.outputTokens ?? 0)
  })

  it('of several messages behind a turn is the one answer that they got', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[answer: busy]] [[hold: final-answer]]')
    await eventually(() => site.model.waiting().includes('final-answer'))
    const one = await agent.send('[[answer: one]]')
    const two = await agent.send('[[answer: two]]')
    expect(await answerTo(agent, one.messageId)).toBeNull()
    site.model.release('final-answer')
    await agent.ended()
    expect(await answerTo(agent, one.messageId)).toMatchObject({ text: 'two' })
    expect(await answerTo(agent, two.messageId)).toMatchObject({ text: 'two' })
  })

  it('is null for a turn that failed or was interrupted, and stays so after the next one', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[answer: ready]]')
    await agent.ended()
    const failed = await agent.send('[[error: 400]]')
    await agent.ended()
    const interrupted = await agent.send('[[answer: half]] [[hold: interrupted-answer]]')
    await eventually(() => site.model.waiting().includes('interrupted-answer'))
    await site.open().interrupt?.(agent.ref(), signal)
    await agent.ended()
    const next = await agent.send('[[answer: next]]')
    await agent.ended()
    expect(await answerTo(agent, failed.messageId)).toBeNull()
    expect(await answerTo(agent, interrupted.messageId)).toBeNull()
    expect(await answerTo(agent, next.messageId)).toMatchObject({ text: 'next' })
  })
})

describe('fromTask()', () => {
  const turn = recordedMessages('answer')
  const at = turn.findIndex(({ role }) => role === 'user')
  const asked = turn[at] as StoredMessage
  const by = (tag: string | null): StoredMessage => ({
    ...asked,
    parts: asked.parts.map((part) => ({ ...part, tag })),
  })

  it('is what orch said first and all after it, and nothing where somebody else had spoken before', () => {
    expect(fromTask([by('a'), ...turn, by('b')])).toEqual([by('a'), ...turn, by('b')])
    expect(fromTask([by(null), by('a'), ...turn])).toEqual([])
    expect(fromTask([])).toEqual([])
  })
})

describe('answerIn()', () => {
  const turn = recordedMessages('answer')
  const asked = turn.find(({ role }) => role === 'user') as StoredMessage
  const from = turn.slice(turn.indexOf(asked))
  const answered = from.at(-1) as StoredMessage
  const later = (at: number): StoredMessage[] => [
    { ...asked, id: 'msg_later', createdAt: at },
    { ...answered, id: 'msg_answer', parentId: 'msg_later', createdAt: at + 1, completedAt: at + 2 },
  ]

  it('of a turn that was denied is null, whatever was answered afterwards', () => {
    const denied = { ...answered, finish: 'tool-calls' }
    const end = answered.completedAt ?? 0
    expect(answerIn([asked, denied, ...later(end + 1)])).toBeNull()
  })

  it('is that to the message which came while the turn ran', () => {
    const step = { ...answered, finish: 'tool-calls' }
    expect(answerIn([asked, step, ...later((answered.completedAt ?? 0) - 1)])).not.toBeNull()
  })

  it('of a turn that died with its server is null', () => {
    const cut = { ...answered, finish: null, completedAt: null }
    expect(answerIn([asked, cut, ...later(answered.createdAt + 1)])).toBeNull()
  })

  it('is never what the server says to itself', () => {
    const [own, summary] = later(asked.createdAt + 1) as [StoredMessage, StoredMessage]
    expect(answerIn([asked, { ...own, parts: [] }, summary])).toBeNull()
  })
})
