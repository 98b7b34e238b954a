import { describe, expect, it } from '@jest/globals'
import type { Exit, State } from '../../src/agent.ts'
import type { Observation, Turn } from '../../src/backend.ts'
import { currentOwner } from '../../src/process-owner.ts'
import type { AgentRecord } from '../../src/registry/record.ts'
import { deriveState, openRequests } from '../../src/state/derive-state.ts'
import { NO_REPORT, parseReport, type Report } from '../../src/workspace/report.ts'
import { hidden, known, observation, record, request, unknown } from '../harness/values.ts'

const AT = '2026-01-02T04:00:00.000Z'
const HUP = { code: null, signal: 'SIGHUP' }
const running = known<Turn>({ status: 'running', since: AT, reason: null }, 'turn')
const none = known<Turn>({ status: 'none' }, 'turn')
const complete = page('Phase: Complete - all done')
const BEFORE = '2026-01-02T03:59:59.000Z'
const LATER = '2026-01-02T04:00:01.000Z'
const asking = page('QUESTION: Which database?')

interface Row {
  readonly says: string
  readonly record?: Partial<AgentRecord>
  /** `null`: nothing to look at. */
  readonly seen?: Partial<Observation> | null
  readonly report?: Report
  readonly state: State
  readonly reason: string
}

/** Each row of design §4 with what would be true of every later row at the same time: the first match wins. */
const PRECEDENCE: readonly Row[] = [
  {
    says: '1 a completed record is done, whatever is seen',
    record: { lifecycle: 'completed', exit: { code: 1, signal: null } },
    seen: { existence: unknown(), requests: known([request()]) },
    state: 'done',
    reason: 'COMPLETED',
  },
  {
    says: '1 an abandoned record has exited, whatever is seen',
    record: { lifecycle: 'abandoned' },
    seen: { existence: known('lost'), turn: running },
    report: complete,
    state: 'exited',
    reason: 'ABANDONED',
  },
  {
    says: '1 an agent that orch stopped to complete it is done, however its process ended',
    record: { ending: 'completed', exit: HUP },
    seen: { existence: known('lost'), process: known({ alive: false, exit: HUP }) },
    state: 'done',
    reason: 'COMPLETED',
  },
  {
    says: '1 an agent that orch stopped to abandon it has exited, whatever it reported',
    record: { ending: 'abandoned' },
    seen: { existence: known('gone'), process: hidden() },
    report: complete,
    state: 'exited',
    reason: 'ABANDONED',
  },
  {
    says: '1 an agent whose program is being started again is starting, whatever became of the last run',
    record: { resuming: { owner: currentOwner(), at: AT }, exit: HUP },
    seen: { existence: known('gone'), process: known({ alive: false, exit: HUP }) },
    report: complete,
    state: 'starting',
    reason: 'RESUMING',
  },
  {
    says: '1 an agent that orch tried to stop and that is there is seen as it is',
    record: { ending: 'completed' },
    seen: { turn: running },
    state: 'working',
    reason: 'TURN_RUNNING',
  },
  {
    says: '1 an agent that orch stopped to complete it is done, not failed by that signal',
    record: { ending: 'completed' },
    seen: { process: known({ alive: false, exit: { code: null, signal: 'SIGTERM' } }) },
    state: 'done',
    reason: 'COMPLETED',
  },
  {
    says: '1 an agent that orch stopped to abandon it has exited, also when its server is over',
    record: { ending: 'abandoned' },
    seen: { existence: known('lost'), process: unknown() },
    report: complete,
    state: 'exited',
    reason: 'ABANDONED',
  },
  {
    says: '1 an agent that orch tried to stop and that lives is what it is',
    record: { ending: 'abandoned' },
    seen: { turn: running },
    state: 'working',
    reason: 'TURN_RUNNING',
  },
  {
    says: '2 an agent that orch tried to stop and that could not be looked at is unknown',
    record: { ending: 'completed' },
    seen: { existence: unknown('TIMEOUT') },
    report: complete,
    state: 'unknown',
    reason: 'TIMEOUT',
  },
  {
    says: '2 what could not be looked at is unknown, whatever else is seen or reported',
    seen: { existence: unknown('BACKEND_UNREACHABLE'), requests: known([request()]), turn: running },
    report: complete,
    state: 'unknown',
    reason: 'BACKEND_UNREACHABLE',
  },
  {
    says: '3 an agent whose server is over is lost, before its dead process, requests and report',
    seen: {
      existence: known('lost'),
      process: known({ alive: false, exit: null }),
      requests: known([request()]),
      turn: running,
    },
    report: complete,
    state: 'lost',
    reason: 'SERVER_OVER',
  },
  {
    says: '3 the hang-up that the death of the server causes is no exit of its own',
    record: { exit: HUP },
    seen: { existence: known('lost'), process: known({ alive: false, exit: HUP }) },
    state: 'lost',
    reason: 'SERVER_OVER',
  },
  {
    says: '4 a recorded exit with a dead server is not lost',
    record: { exit: { code: 3, signal: null } },
    seen: { existence: known('lost'), process: hidden() },
    state: 'failed',
    reason: 'PROCESS_FAILED',
  },
  {
    says: '4 a recorded exit is known even when nothing can be looked at',
    record: { exit: { code: 3, signal: null } },
    seen: { existence: unknown(), process: unknown(), turn: unknown(), requests: unknown() },
    state: 'failed',
    reason: 'PROCESS_FAILED',
  },
  {
    says: '4 a code other than 0 is a failure, before Complete and an open request',
    seen: {
      existence: known('gone'),
      process: known({ alive: false, exit: { code: 1, signal: null } }),
      requests: known([request()]),
    },
    report: complete,
    state: 'failed',
    reason: 'PROCESS_FAILED',
  },
  {
    says: '4 a code other than 0 is a failure, before the failed turn that it came of',
    seen: {
      process: known({ alive: false, exit: { code: 1, signal: null } }),
      turn: known({ status: 'ended', how: 'error', at: null, reason: { code: 'API_ERROR', text: 'No credit' } }),
    },
    state: 'failed',
    reason: 'PROCESS_FAILED',
  },
  {
    says: '4 a signal is a failure',
    seen: { process: known({ alive: false, exit: { code: null, signal: 'SIGKILL' } }) },
    report: complete,
    state: 'failed',
    reason: 'PROCESS_FAILED',
  },
  {
    says: '4 a hang-up on a living server is a failure',
    seen: { process: known({ alive: false, exit: HUP }) },
    state: 'failed',
    reason: 'PROCESS_FAILED',
  },
  {
    says: '4 a failed spawn has failed, with its own reason',
    record: { lifecycle: 'failed', failure: { code: 'BACKEND_ERROR', text: 'no' } },
    seen: null,
    report: complete,
    state: 'failed',
    reason: 'BACKEND_ERROR',
  },
  {
    says: '5 code 0 with Complete is done, before an open request',
    seen: { process: known({ alive: false, exit: { code: 0, signal: null } }), requests: known([request()]) },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '5 code 0 without Complete has exited: an old phase never hides a dead agent',
    seen: { process: known({ alive: false, exit: { code: 0, signal: null } }), turn: running },
    report: page('Phase: Implementing'),
    state: 'exited',
    reason: 'PROCESS_ENDED',
  },
  {
    says: '5 a dead process whose exit is not known has exited',
    seen: { process: known({ alive: false, exit: null }), turn: hidden(), requests: hidden() },
    state: 'exited',
    reason: 'PROCESS_ENDED',
  },
  {
    says: '5 what is gone has exited, although its other fields cannot be seen any more',
    seen: { existence: known('gone'), process: unknown(), turn: unknown(), requests: unknown() },
    report: asking,
    state: 'exited',
    reason: 'GONE',
  },
  {
    says: '5 what is gone after Complete is done',
    seen: { existence: known('gone'), process: unknown(), turn: unknown(), requests: unknown() },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '6 an open request is waited on, before a running turn and Complete',
    seen: { requests: known([request()]), turn: running },
    report: complete,
    state: 'waiting',
    reason: 'PERMISSION',
  },
  {
    says: '6 an open request that was seen is waited on, although the turn could not be looked at',
    seen: { requests: known([request()]), turn: unknown() },
    state: 'waiting',
    reason: 'PERMISSION',
  },
  {
    says: '6 a question on the page is waited on, before a failed turn',
    seen: { turn: ended('error') },
    report: asking,
    state: 'waiting',
    reason: 'QUESTION',
  },
  {
    says: '6 a blocked line is waited on while turns are not shown',
    seen: { turn: hidden(), requests: hidden() },
    report: page('BLOCKED: no access'),
    state: 'waiting',
    reason: 'BLOCKED',
  },
  {
    says: '2 requests that could not be looked at are unknown, not none',
    seen: { requests: unknown('TIMEOUT'), turn: running },
    report: complete,
    state: 'unknown',
    reason: 'TIMEOUT',
  },
  {
    says: '2 a turn that could not be looked at is unknown, not idle',
    seen: { turn: unknown('IN_FLIGHT') },
    report: complete,
    state: 'unknown',
    reason: 'IN_FLIGHT',
  },
  {
    says: '2 a process that could not be looked at is not alive',
    seen: { process: unknown('NO_PROC'), turn: hidden(), requests: hidden() },
    report: complete,
    state: 'unknown',
    reason: 'NO_PROC',
  },
  {
    says: '2 a page that cannot be read may hold a question',
    report: { ...NO_REPORT, unreadable: { code: 'WORKSPACE_UNREADABLE', text: 'EACCES' } },
    state: 'unknown',
    reason: 'WORKSPACE_UNREADABLE',
  },
  {
    says: '7 a running turn works, before Complete',
    seen: { turn: running },
    report: complete,
    state: 'working',
    reason: 'TURN_RUNNING',
  },
  {
    says: '7 a turn whose model is asked again works, and says so',
    seen: { turn: known<Turn>({ status: 'running', since: AT, reason: { code: 'RETRY', text: 'again' } }) },
    state: 'working',
    reason: 'RETRY',
  },
  {
    says: '8 a turn that ended in an error has failed, before Complete',
    seen: { turn: ended('error') },
    report: complete,
    state: 'failed',
    reason: 'TURN_FAILED',
  },
  { says: '9 Complete is done, before idle', report: complete, state: 'done', reason: 'PHASE_COMPLETE' },
  {
    says: '9 Complete is done, before running',
    seen: { turn: hidden() },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '9 Complete is done, before starting',
    seen: { turn: none },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '9 Complete is done of all messages before it, though the turn of it was interrupted',
    record: { messagedAt: BEFORE },
    seen: { turn: ended('interrupted') },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '9 Complete is done, though a later message was answered',
    record: { messagedAt: LATER },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '9 Complete is done, though a later message was sent to a program that does not show its turns',
    record: { messagedAt: LATER },
    seen: { turn: hidden() },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '9 Complete is done of a server that does not run, once a later message was seen to be answered',
    record: { messagedAt: LATER },
    seen: { turn: ended('completed', LATER), asleep: true },
    report: complete,
    state: 'done',
    reason: 'PHASE_COMPLETE',
  },
  {
    says: '10 Complete is not done after a later message whose turn was interrupted',
    record: { messagedAt: LATER },
    seen: { turn: ended('interrupted') },
    report: complete,
    state: 'idle',
    reason: 'INTERRUPTED',
  },
  {
    says: '10 Complete is not done after a later message of which nobody knows whether it arrived, and an interruption',
    record: { attempts: [{ id: 'm', at: LATER }], messagedAt: BEFORE },
    seen: { turn: ended('interrupted') },
    report: complete,
    state: 'idle',
    reason: 'INTERRUPTED',
  },
  {
    says: '10 a turn that ended before the last message says nothing of that, once the server does not run',
    record: { messagedAt: LATER },
    seen: { turn: ended('completed'), asleep: true },
    report: complete,
    state: 'idle',
    reason: 'INTERRUPTED',
  },
  {
    says: '10 the error of a turn before the last message is not the end of that, once the server does not run',
    record: { messagedAt: LATER },
    seen: { turn: ended('error'), asleep: true },
    state: 'idle',
    reason: 'INTERRUPTED',
  },
  {
    says: '5 a process that ended in the turn of a message after Complete has exited',
    record: { messagedAt: LATER },
    seen: { process: known({ alive: false, exit: { code: 0, signal: null } }), turn: ended('interrupted') },
    report: complete,
    state: 'exited',
    reason: 'PROCESS_ENDED',
  },
  { says: '10 an ended turn is idle', report: page('Phase: Incomplete'), state: 'idle', reason: 'TURN_ENDED' },
  {
    says: '10 an interrupted turn is idle',
    seen: { turn: ended('interrupted') },
    state: 'idle',
    reason: 'INTERRUPTED',
  },
  {
    says: '11 alive without shown turns is running',
    seen: { turn: hidden(), requests: hidden() },
    state: 'running',
    reason: 'TURNS_NOT_SHOWN',
  },
  {
    says: '11 a backend without processes is alive by its existence',
    seen: { turn: hidden(), requests: hidden(), process: hidden() },
    state: 'running',
    reason: 'TURNS_NOT_SHOWN',
  },
  { says: '12 no turn yet is starting', seen: { turn: none }, state: 'starting', reason: 'NO_TURN_YET' },
  {
    says: '12 no turn yet, and its task was perhaps lost',
    record: { prompt: { messageId: 'm', delivery: 'unconfirmed', reason: null, evidence: [], at: AT } },
    seen: { turn: none },
    state: 'starting',
    reason: 'TASK_UNCONFIRMED',
  },
  {
    says: '12 no turn yet, and its end was begun',
    record: { ending: 'completed' },
    seen: { turn: none },
    state: 'starting',
    reason: 'ENDING',
  },
  {
    says: '12 a spawn that has made nothing yet is starting',
    record: { lifecycle: 'spawning', handle: null },
    seen: null,
    state: 'starting',
    reason: 'SPAWNING',
  },
  {
    says: 'an active record without anything to look at is unknown',
    seen: null,
    state: 'unknown',
    reason: 'NOT_OBSERVED',
  },
]

describe('deriveState()', () => {
  it.each(PRECEDENCE)('$says', (row) => {
    const derived = derive(row)
    expect({ state: derived.state, reason: derived.reason.code }).toEqual({ state: row.state, reason: row.reason })
    expect(derived.reason.text).not.toBe('')
  })

  it('names the request it waits on, how many more there are, and since when', () => {
    const report = page('QUESTION: Which database?')
    const seen = observation({ requests: known([request({ text: 'Run "make"', since: AT })], 'requests') })
    expect(deriveState(record(), seen, report)).toEqual({
      state: 'waiting',
      reason: { code: 'PERMISSION', text: 'Run "make" (and 1 more)' },
      evidence: [expect.objectContaining({ detail: 'requests' })],
      since: AT,
    })
  })

  it('says with the code of a program why its turn failed, and nothing of that when it was killed', () => {
    const reason = { code: 'API_ERROR', text: 'No credit' }
    const turn = known<Turn>({ status: 'ended', how: 'error', at: null, reason })
    const textFor = (exit: Exit): string => {
      const seen = observation({ process: known({ alive: false, exit }), turn })
      return deriveState(record(), seen, NO_REPORT).reason.text
    }
    expect(textFor({ code: 1, signal: null })).toBe('Its process ended with code 1 after its turn failed: No credit')
    expect(textFor({ code: null, signal: 'SIGKILL' })).toBe('Its process ended by signal SIGKILL')
  })

  it('does not claim of one that ended that it reported nothing while its page cannot be read', () => {
    const report: Report = { ...NO_REPORT, unreadable: { code: 'PROJECT_GONE', text: 'Its project is away' } }
    const seen = observation({ process: known({ alive: false, exit: { code: 0, signal: null } }) })
    expect(deriveState(record(), seen, report)).toMatchObject({
      state: 'exited',
      reason: { text: expect.stringMatching(/; whether it reported Complete is not known: Its project is away$/) },
    })
  })

  it('gives the page as evidence for a request of the page', () => {
    expect(deriveState(record(), observation(), asking).evidence).toEqual([
      { source: 'file', detail: 'WORKSPACE.md', at: AT },
    ])
  })

  it('gives evidence for every state that was seen', () => {
    for (const row of PRECEDENCE.filter(({ state, seen }) => state !== 'unknown' && seen !== null)) {
      expect({ says: row.says, evidence: derive(row).evidence }).toEqual({
        says: row.says,
        evidence: [expect.objectContaining({ at: expect.any(String) })],
      })
    }
  })

  it('answers the same for the same values and changes none of them', () => {
    const values = [record(), observation({ requests: known([request()]) }), asking] as const
    const before = structuredClone(values)
    expect(deriveState(...values)).toEqual(deriveState(...before))
    expect(values).toEqual(before)
  })
})

describe('openRequests()', () => {
  it('puts what the backend saw before what stands on the page', () => {
    const open = openRequests(observation({ requests: known([request()]) }), asking)
    expect(open.map(({ kind }) => kind)).toEqual(['permission', 'question'])
  })

  it('has those of the page when the backend could not look', () => {
    expect(openRequests(observation({ requests: unknown() }), asking).map(({ kind }) => kind)).toEqual(['question'])
  })
})

function derive(row: Row): ReturnType<typeof deriveState> {
  return deriveState(record(row.record), row.seen === null ? null : observation(row.seen), row.report ?? NO_REPORT)
}

function ended(how: 'completed' | 'error' | 'interrupted', at = AT): ReturnType<typeof known<Turn>> {
  return known<Turn>({ status: 'ended', how, at, reason: null }, 'turn')
}

function page(text: string): Report {
  return parseReport(text, AT, [])
}
