import { describe, expect, it } from '@jest/globals'
import type { ChatMessage, ChatRequest } from './conversation.ts'
import { planResponse } from './plan.ts'

const user = (content: string): ChatMessage => ({ role: 'user', content })
const called: ChatMessage = { role: 'assistant', content: '', tool_calls: [{}] }
const result = (content: string): ChatMessage => ({ role: 'tool', content })

function plan(...messages: ChatMessage[]): ReturnType<typeof planResponse> {
  const request: ChatRequest = { model: 'scripted', messages, tools: [{ function: { name: 'bash' } }] }
  return planResponse(request)
}

describe('planResponse()', () => {
  const script = user('[[answer: a]] [[shell: ls]] [[answer: b]] [[shell: pwd]]')

  it('ends a response with its tool call and goes on after the result', () => {
    expect(plan(script)).toMatchObject([{ text: 'a' }, { input: { command: 'ls' } }])
    expect(plan(script, called, result('x'))).toMatchObject([{ text: 'b' }, { input: { command: 'pwd' } }])
  })

  it('tells the tool result when the script is over', () => {
    expect(plan(script, called, result('x'), called, result('/home'))).toEqual([
      { kind: 'answer', text: 'Tool result: /home' },
    ])
  })

  it('follows the newest user message only', () => {
    expect(plan(script, called, result('x'), user('[[answer: new]]'))).toEqual([{ kind: 'answer', text: 'new' }])
    expect(plan(script, { role: 'assistant', content: 'done' }, user('and now?'))).toEqual([
      { kind: 'answer', text: 'Received: and now?' },
    ])
  })

  it('plays what is set for a prompt without markers, by its beginning', () => {
    const messages = [user('Write a poem\n\nmore'), called, result('x')]
    const request: ChatRequest = { model: 'scripted', messages, tools: [{ function: { name: 'bash' } }] }
    expect(planResponse(request, { 'Write a poem': '[[shell: ls]] [[answer: Done]]' })).toEqual([
      { kind: 'answer', text: 'Done' },
    ])
    expect(planResponse(request, { 'Write prose': '[[answer: Done]]' })).toMatchObject([{ text: 'Tool result: x' }])
  })

  it('finds the report command wherever the context put it', () => {
    const line = 'orch phase PHASE --note NOTE --id a-1'
    const phase = user('[[phase: Complete - all done]]')
    const command = { input: { command: `orch phase 'Complete' --note 'all done' --id a-1` } }
    expect(plan({ role: 'system', content: line }, phase)).toMatchObject([command])
    expect(plan(user(line), phase)).toMatchObject([command])
    expect(plan(user(`[[shell: cat x]] [[phase: Complete - all done]]`), called, result(line))).toMatchObject([command])
    expect(plan(phase)).toMatchObject([{ kind: 'answer', text: expect.stringContaining('no report command') }])
  })
})
