import { describe, expect, it } from '@jest/globals'
import { parseRequests } from '../src/parse.ts'
import { closedRequest, requestTime, toAgentRequest } from '../src/requests.ts'
import { recorded, recordedMessages } from './support/recorded.ts'

const [permission] = parseRequests('permission', recorded('permissions')) ?? []
const [question] = parseRequests('question', recorded('questions')) ?? []
if (permission === undefined || question === undefined) throw new Error('Cannot read the recorded requests')
const parts = (name: string): Parameters<typeof closedRequest>[1] =>
  recordedMessages(name).flatMap((message) => message.parts)
const now = (name: string): number => (recordedMessages(name).at(-1)?.createdAt ?? 0) + 5_000

describe('toAgentRequest()', () => {
  it('shows a permission with file, difference and three choices', () => {
    const request = toAgentRequest(permission, null, now('permission-open'))
    expect(request).toMatchObject({ kind: 'permission', text: 'edit: /project/a.txt', from: null, answerable: true })
    expect(request.detail).toMatchObject({
      permission: 'edit',
      filepath: '/project/a.txt',
      diff: expect.stringContaining('-old\n+new'),
    })
    expect(request.choices.map(({ id }) => id)).toEqual(['allow', 'always', 'deny'])
  })

  it('shows a question with its labels as choices', () => {
    const request = toAgentRequest(question, 'sub', now('question-open'))
    expect(request).toMatchObject({ kind: 'question', text: 'Which colour?', detail: null, from: 'sub' })
    expect(request.choices).toEqual([
      { id: 'red', label: 'red' },
      { id: 'blue', label: 'blue' },
    ])
  })

  it('shows several questions as one text without choices', () => {
    const questions = [...question.questions, { text: 'How many?', labels: ['1', '2'] }]
    const request = toAgentRequest({ ...question, questions }, null, now('question-open'))
    expect(request).toMatchObject({ text: 'Which colour?\nHow many?', choices: [] })
  })
})

describe('requestTime()', () => {
  it('reads when the server asked from the id, to the millisecond of the tool call that waits', () => {
    const started = parts('permission-open').find(({ tool }) => tool !== null)?.startedAt ?? 0
    const asked = requestTime(permission.id, now('permission-open')) ?? 0
    expect(Math.abs(asked - started)).toBeLessThan(2_000)
    expect(requestTime('per_nonsense', 0)).toBeNull()
  })
})

describe('closedRequest()', () => {
  it('tells an answered request from one that went with its turn', () => {
    const idIn = (name: string): string => {
      const started = parts(name).find(({ tool }) => tool !== null)?.startedAt ?? 0
      return `per_${(((started + 1) % 2 ** 36) * 4096).toString(16).padStart(12, '0')}`
    }
    const outcome = (name: string): string => closedRequest(idIn(name), parts(name), now(name))
    expect(outcome('permission-once')).toBe('already')
    expect(outcome('permission-reject')).toBe('already')
    expect(outcome('question-reject')).toBe('already')
    expect(outcome('question-reply')).toBe('already')
    const aborted = parts('permission-open').map((part) => ({
      ...part,
      tool: part.tool && { ...part.tool, status: 'error' as const, output: 'Tool execution aborted' },
    }))
    expect(closedRequest(idIn('permission-open'), aborted, now('permission-open'))).toBe('gone')
  })

  it('is gone when nothing waited then', () => {
    expect(closedRequest(permission.id, [], Date.now())).toBe('gone')
    expect(closedRequest('per_x', parts('permission-once'), Date.now())).toBe('gone')
  })
})
