import { describe, expect, it } from '@jest/globals'
import { parseHookEvent } from '../../src/hooks/hook-event.ts'
import { decisionOn, toAgentRequest, toDialogRequest } from '../../src/hooks/hook-requests.ts'

function asked(fields: object): NonNullable<ReturnType<typeof parseHookEvent>> {
  const event = parseHookEvent(`1000-7 ${JSON.stringify({ hook_event_name: 'PermissionRequest', ...fields })}`)
  if (event === null) throw new TypeError('This is an event')
  return event
}

const session = { type: 'addDirectories', directories: ['/x'], destination: 'session' }
const permission = asked({
  tool_name: 'Bash',
  tool_input: { command: 'make \u001b[31m', description: 'Builds' },
  permission_suggestions: [session, { type: 'setMode', mode: 'acceptEdits', destination: 'session' }],
})
const plan = asked({ tool_name: 'ExitPlanMode', tool_input: { plan: 'First this', planFilePath: '/p' } })
const colour = { question: 'Which colour?', options: [{ label: 'Red' }, { label: 'Blue' }] }
const question = asked({ tool_name: 'AskUserQuestion', tool_input: { questions: [colour] } })

const decided = (...given: Parameters<typeof decisionOn>): unknown =>
  JSON.parse(decisionOn(...given) ?? 'null')?.hookSpecificOutput.decision

describe('toAgentRequest()', () => {
  it('shows what is asked, without its control sequences, and how it can be answered', () => {
    expect(toAgentRequest(permission)).toEqual({
      id: '1000-7',
      kind: 'permission',
      text: 'Bash: make ',
      detail: { permission: 'Bash', command: 'make ', description: 'Builds' },
      choices: [
        { id: 'allow', label: 'Allow once' },
        { id: 'always', label: 'Allow, and from now on: addDirectories ["/x"]' },
        { id: 'deny', label: 'Deny' },
      ],
      since: '1970-01-01T00:00:01.000Z',
      from: null,
      answerable: true,
    })
  })

  it('shows a question with its options', () => {
    expect(toAgentRequest(question)).toMatchObject({
      kind: 'question',
      text: 'Which colour?',
      choices: [{ id: 'Red' }, { id: 'Blue' }],
    })
  })

  it('offers no "always" that would reach beyond the conversation', () => {
    const lasting = { ...session, destination: 'localSettings' }
    const request = toAgentRequest(asked({ tool_name: 'Bash', tool_input: {}, permission_suggestions: [lasting] }))
    expect(request.choices.map(({ id }) => id)).toEqual(['allow', 'deny'])
  })
})

describe('a plan', () => {
  const input = { plan: 'First this', planFilePath: '/p' }

  it('is shown with what follows from each answer', () => {
    expect(toAgentRequest(plan)).toMatchObject({
      kind: 'permission',
      detail: { plan: 'First this' },
      choices: [{ id: 'allow' }, { id: 'always', label: 'Allow, and from now on: all edits' }, { id: 'deny' }],
    })
  })

  it('is allowed with its input, which stands for the person who must have seen it', () => {
    expect(decided(plan, 'allow', null)).toEqual({ behavior: 'allow', updatedInput: input })
    expect(decided(plan, 'always', null)).toEqual({
      behavior: 'allow',
      updatedInput: input,
      updatedPermissions: [{ type: 'setMode', mode: 'acceptEdits', destination: 'session' }],
    })
    expect(decided(plan, null, 'That first')).toEqual({ behavior: 'deny', message: 'That first' })
  })
})

describe('toDialogRequest()', () => {
  it('is for a person to answer, in the window', () => {
    expect(toDialogRequest({ text: 'dialog \u001b[1mopen', at: 1000 })).toMatchObject({
      id: 'dialog-1000',
      text: 'Its program shows a dialog of its own (dialog open): look at it in its window',
      choices: [],
      answerable: false,
    })
  })
})

describe('decisionOn()', () => {
  it('allows once, for the conversation, or not', () => {
    expect(decided(permission, 'allow', null)).toEqual({ behavior: 'allow' })
    expect(decided(permission, 'always', null)).toEqual({ behavior: 'allow', updatedPermissions: [session] })
    expect(decided(permission, 'deny', null)).toEqual({ behavior: 'deny', message: 'The user does not want this' })
    expect(decided(permission, null, 'Use npm')).toEqual({ behavior: 'deny', message: 'Use npm' })
    expect(decisionOn(permission, 'Red', null)).toBeNull()
  })

  it('answers a question by an option or in words, line by line', () => {
    const input = { questions: [colour] }
    expect(decided(question, 'Red', null)).toEqual({
      behavior: 'allow',
      updatedInput: { ...input, answers: { 'Which colour?': 'Red' } },
    })
    expect(decided(question, null, 'Green')).toMatchObject({ updatedInput: { answers: { 'Which colour?': 'Green' } } })
    expect(decisionOn(question, 'Green', null)).toBeNull()
    const size = { question: 'Which size?', options: [] }
    const two = asked({ tool_name: 'AskUserQuestion', tool_input: { questions: [colour, size] } })
    expect(toAgentRequest(two).choices).toEqual([])
    expect(decided(two, null, 'Red\nLarge')).toMatchObject({
      updatedInput: { answers: { 'Which colour?': 'Red', 'Which size?': 'Large' } },
    })
  })
})
