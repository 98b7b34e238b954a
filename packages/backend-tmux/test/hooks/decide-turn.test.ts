import { describe, expect, it } from '@jest/globals'
import { decideTurn } from '../../src/hooks/decide-turn.ts'
import { type HookEvent, parseHookEvent } from '../../src/hooks/hook-event.ts'
import type { ProgramStatus } from '../../src/hooks/program-status.ts'

/** A chain of events as Claude Code 2.1.332 told them, 1000 ms apart, the first at 1000. */
function chain(...told: readonly (string | readonly [name: string, fields: object])[]): HookEvent[] {
  return told.map((one, index) => {
    const [name, fields] = typeof one === 'string' ? ([one, {}] as const) : one
    const event = parseHookEvent(`${(index + 1) * 1000}-7 ${JSON.stringify({ hook_event_name: name, ...fields })}`)
    if (event === null) throw new TypeError('This is an event')
    return event
  })
}

const status = (said: ProgramStatus['status'], at: number, waitingFor: string | null = null): ProgramStatus => ({
  status: said,
  at,
  waitingFor,
})

const startup = ['SessionStart', { source: 'startup' }] as const
const call = { tool_name: 'Bash', tool_input: { command: 'touch x' } }
const asks = ['PermissionRequest', call] as const
const ran = ['PostToolUse', { ...call, tool_response: {} }] as const
const subagentRuns = { background_tasks: [{ type: 'subagent', status: 'running' }] }
const asked = chain(startup, 'UserPromptSubmit', ['PreToolUse', call], asks)

const cases: readonly (readonly [
  claim: string,
  events: readonly HookEvent[],
  status: ProgramStatus | null,
  turn: object,
])[] = [
  ['nothing told is no turn', [], null, { status: 'none' }],
  ['a begun conversation is no turn', chain(startup), null, { status: 'none' }],
  [
    'a conversation that is gone on with rests, whatever ran before',
    chain('UserPromptSubmit', ['SessionStart', { source: 'resume' }]),
    null,
    { status: 'ended', how: 'interrupted', reason: { code: 'RESUMED' } },
  ],
  ['a message begins one', chain(startup, 'UserPromptSubmit'), null, { status: 'running', reason: null }],
  ['a tool goes on with it', chain('UserPromptSubmit', ['PreToolUse', call], ran), null, { status: 'running' }],
  ['Stop ends it', chain('UserPromptSubmit', 'Stop'), null, { status: 'ended', how: 'completed', reason: null }],
  [
    'StopFailure ends it in the error of the model',
    chain('UserPromptSubmit', ['StopFailure', { last_assistant_message: 'API Error: 400' }]),
    null,
    { status: 'ended', how: 'error', reason: { code: 'API_ERROR', text: 'API Error: 400' } },
  ],
  [
    'the end of one that its program leaves with is one that runs, until the process has ended',
    chain('UserPromptSubmit', ['Stop', { leaves: true }]),
    null,
    { status: 'running', reason: { code: 'ENDING' } },
  ],
  [
    'Escape, which nothing tells, shows in the status alone',
    chain('UserPromptSubmit'),
    status('idle', 1500),
    { status: 'ended', how: 'interrupted' },
  ],
  [
    'a status from before the last event says nothing',
    chain('UserPromptSubmit'),
    status('idle', 900),
    { status: 'running' },
  ],
  [
    'Stop with subagents at work is no end',
    chain('UserPromptSubmit', ['Stop', subagentRuns]),
    null,
    { status: 'running', reason: { code: 'SUBAGENTS' } },
  ],
  [
    'what a subagent tells after the end begins no turn',
    chain('UserPromptSubmit', 'Stop', ['PostToolUse', { agent_id: 'a', agent_type: 'Explore', ...call }]),
    null,
    { status: 'ended', how: 'completed' },
  ],
  [
    'a queued message goes on behind the end of the turn before',
    chain('UserPromptSubmit', 'UserPromptSubmit', 'Stop'),
    null,
    { status: 'running', reason: { code: 'QUEUED' } },
  ],
  [
    'and ends with its own',
    chain('UserPromptSubmit', 'UserPromptSubmit', 'Stop', 'Stop'),
    null,
    { status: 'ended', how: 'completed' },
  ],
  [
    'queued messages that one turn took together end with it, as the status shows',
    chain('UserPromptSubmit', 'UserPromptSubmit', 'UserPromptSubmit', 'Stop'),
    status('idle', 4020),
    { status: 'ended', how: 'completed' },
  ],
  [
    'what a turn takes while it runs is no turn of its own',
    chain('UserPromptSubmit', ['UserPromptSubmit', { turn_id: 't' }], 'Stop'),
    null,
    { status: 'ended', how: 'completed' },
  ],
  ['Interrupt breaks it off', chain('UserPromptSubmit', 'Interrupt'), null, { status: 'ended', how: 'interrupted' }],
  [
    '/clear ends in rest',
    chain('UserPromptSubmit', 'Stop', ['SessionEnd', { reason: 'clear' }], ['SessionStart', { source: 'clear' }]),
    null,
    { status: 'ended', how: 'completed' },
  ],
  [
    'a shortened conversation goes on',
    chain('UserPromptSubmit', ['SessionStart', { source: 'compact' }]),
    null,
    { status: 'running' },
  ],
  [
    'a program that ends in a turn rests no more: how it ended is told by its process',
    chain('UserPromptSubmit', ['SessionEnd', { reason: 'other' }]),
    status('idle', 2500),
    { status: 'running', reason: { code: 'ENDING' } },
  ],
  [
    '/clear in a turn breaks it off',
    chain('UserPromptSubmit', ['SessionEnd', { reason: 'clear' }]),
    null,
    { status: 'ended', how: 'interrupted' },
  ],
  [
    'work that no event began shows in the status',
    chain('UserPromptSubmit', 'Stop'),
    status('busy', 2500),
    { status: 'running' },
  ],
  [
    'a dialog of its own ends no turn and begins none',
    chain('UserPromptSubmit', 'Stop'),
    status('waiting', 2500, 'dialog open'),
    { status: 'ended', how: 'completed' },
  ],
]

describe('decideTurn()', () => {
  it.each(cases)('%s', (_, events, noted, turn) => {
    expect(decideTurn(events, noted).turn).toMatchObject(turn)
  })

  it('keeps how the turn ended of a program that leaves with it, and of no other', () => {
    const told = { last_assistant_message: 'No credit', leaves: true }
    const failed = decideTurn(chain(startup, 'UserPromptSubmit', ['StopFailure', told]), null)
    expect(failed.whenGone).toMatchObject({ status: 'ended', how: 'error', reason: { text: 'No credit' } })
    expect(decideTurn(chain(startup, 'UserPromptSubmit', 'Stop'), null).whenGone).toBeNull()
  })

  it('does not take the instant between two turns for the end', () => {
    const events = chain('UserPromptSubmit', 'UserPromptSubmit', 'Stop')
    const between = status('idle', 3010)
    expect(decideTurn(events, between, 3020)).toMatchObject({ turn: { status: 'running' }, isUnclear: true })
    expect(decideTurn(events, between, 4000)).toMatchObject({ turn: { status: 'ended' }, isUnclear: false })
    expect(decideTurn(chain('UserPromptSubmit', 'Stop'), status('idle', 2010), 2020)).toMatchObject({
      turn: { status: 'ended' },
      isUnclear: false,
    })
  })

  it('believes the status alone where hooks are not run: that it works, not that a turn has ended', () => {
    expect(decideTurn([], status('busy', 2500))).toMatchObject({ turn: { status: 'running' }, source: 'file' })
    expect(decideTurn([], status('idle', 2500), 12_500)).toMatchObject({ turn: { status: 'none' }, isUnhooked: true })
    expect(decideTurn([], status('idle', 2500), 12_000)).toMatchObject({ isUnhooked: false })
    expect(decideTurn(chain(startup), status('idle', 2500)).isUnhooked).toBe(false)
  })

  it('says on what it rests', () => {
    const events = chain('UserPromptSubmit')
    expect(decideTurn(events, null)).toMatchObject({
      source: 'hook',
      detail: 'told of "UserPromptSubmit" at 1970-01-01T00:00:01.000Z',
    })
    expect(decideTurn(events, status('idle', 1500))).toMatchObject({
      source: 'file',
      detail: 'notes "idle" in its own file since 1970-01-01T00:00:01.500Z',
    })
  })

  it.each([
    ['while nothing follows', asked, null, 1],
    ['while the program notes that it waits', asked, status('waiting', 4010), 1],
    ['when the note is older than the request', asked, status('busy', 3990), 1],
    ['not when the program notes that it goes on', asked, status('busy', 4500), 0],
    ['not when its call has run', [...asked, ...chain(startup, startup, startup, startup, ran).slice(4)], null, 0],
    ['not after Escape', asked, status('idle', 4500), 0],
  ])('shows a request %s', (_, events, noted, count) => {
    expect(decideTurn(events, noted, 4100).asked).toHaveLength(count)
  })

  it('shows what a subagent asks until it is answered, though the program notes that it works', () => {
    const events = chain(startup, 'UserPromptSubmit', [asks[0], { agent_id: 'a', agent_type: 'Explore', ...call }])
    const { asked: open, isUnclear } = decideTurn(events, status('busy', 2500), 60_000)
    expect({ open: open.map(({ id }) => id), isUnclear }).toEqual({ open: ['3000-7'], isUnclear: false })
  })

  it('takes no turn for over at once because its program rests: a failed one is told of a moment later', () => {
    const events = chain(startup, 'UserPromptSubmit')
    const noted = status('idle', 2500)
    expect(decideTurn(events, noted, 2700)).toMatchObject({ isUnclear: true, turn: { status: 'running' } })
    expect(decideTurn(events, noted, 2800)).toMatchObject({ isUnclear: false, turn: { how: 'interrupted' } })
  })

  it('shows no request that a person answered before its hook told of it, once the program worked on for a moment', () => {
    const noted = status('busy', 3900)
    expect(decideTurn(asked, noted, 4100)).toMatchObject({ asked: [{ name: 'PermissionRequest' }], isUnclear: true })
    expect(decideTurn(asked, noted, 4300)).toMatchObject({ asked: [], isUnclear: false, turn: { status: 'running' } })
  })

  it('shows a dialog that no event told of, also before the first', () => {
    const noted = status('waiting', 2500, 'dialog open')
    const dialog = { text: 'dialog open', at: 2500 }
    expect(decideTurn(chain('UserPromptSubmit', 'Stop'), noted)).toMatchObject({ dialog, source: 'file' })
    expect(decideTurn([], noted)).toMatchObject({ dialog, turn: { status: 'none' } })
    expect(decideTurn(chain('UserPromptSubmit', 'Stop', 'UserPromptSubmit'), noted).dialog).toBeNull()
    expect(decideTurn(asked, status('waiting', 4010)).dialog).toBeNull()
  })

  it('keeps a request open when the call beside it has run', () => {
    const other = { tool_name: 'Bash', tool_input: { command: 'touch y' } }
    const events = chain('UserPromptSubmit', ['PreToolUse', call], ['PreToolUse', other], asks, ['PostToolUse', other])
    expect(decideTurn(events, status('waiting', 4010)).asked).toHaveLength(1)
  })

  it('shows the request of a subagent, which ends no turn of the agent', () => {
    const events = chain('UserPromptSubmit', ['PermissionRequest', { agent_id: 'a', agent_type: 'Explore', ...call }])
    const { turn, asked } = decideTurn(events, null)
    expect(turn.status).toBe('running')
    expect(asked.map(({ subagent }) => subagent)).toEqual(['Explore'])
  })
})
