import { describe, expect, it } from '@jest/globals'
import { explainedObservationOf } from '../src/explain.ts'
import { hear } from '../src/hooks/look-at-hooks.ts'
import { recordedWitnesses, type StatusNote, type Testimony } from '../src/hooks/witnesses.ts'
import type { Sighting } from '../src/observation.ts'
import type { Handle } from '../src/parse.ts'

const AT = '2026-11-22T12:00:00.000Z'
const server = { version: '3.3a', pid: 1, startTime: 1 }
const handle = { server, window: '@1', pane: '%1', panePid: 7, run: 'r', log: '/l', exit: '/e', tty: '/t' }
const UNUSED = { known: false, reason: { code: 'NOT_SHOWN', text: 'It is not shown' } } as const
const TRUST = 'Accessing workspace: /shop\n ❯ Yes, I trust this folder\n'

const line = (at: number, name: string, fields: object = {}): string =>
  `${at}-9 ${JSON.stringify({ hook_event_name: name, ...fields })}`
const note = (status: string, at: number, started: number | null): StatusNote => ({
  ...{ pid: 8, started },
  text: JSON.stringify({ status, statusUpdatedAt: at, procStart: '500' }),
})

/** What is found of a living agent with this testimony: source, whether nothing speaks against it, and why not. */
function found(
  program: string,
  heard: Partial<Testimony>,
  seen: Partial<Sighting> = {},
): (readonly [source: string, detail: string, code: string | undefined])[] {
  const nothing: Testimony = { now: 9000, eventLines: [], transcriptLines: null, statusNotes: [], asking: [] }
  const testimony = { ...nothing, ...heard }
  const sighting: Sighting = {
    agent: { id: 'a', target: null, handle: null, directory: '/', facts: null, attempts: [] },
    handle: { ...handle, program, events: '/events/r' } as Handle,
    look: { kind: 'server', server, rows: [] },
    row: { ...handle, dead: false, exit: null, activity: 0, begun: '1', namespace: 'n', program, agent: 'a' },
    ...{ recorded: null, running: null, serverRuns: false, loggedAt: null, at: AT },
    told: hear(program, recordedWitnesses(testimony)),
    testimony,
    shown: { screen: '', title: 'shop' },
    ...seen,
  }
  const { looked = [] } = explainedObservationOf(sighting, UNUSED)
  return looked.map(({ source, detail, reason }) => [source, detail, reason?.code] as const)
}

const codes = (...args: Parameters<typeof found>): string[] =>
  found(...args).map(([source, , code]) => `${source} ${code}`)

const TURN = [line(1000, 'UserPromptSubmit')]

describe('explainedObservationOf()', () => {
  it('tells of all that was looked at, by rank', () => {
    expect(codes('claude', { eventLines: TURN, statusNotes: [note('busy', 900, 500)] })).toEqual([
      'process PLACE',
      'process ALIVE',
      'hook OUTRANKED',
      'file OLDER',
      'title NO_RULE',
      'screen NO_RULE',
    ])
    expect(codes('codex', { eventLines: TURN }).slice(2, 4)).toEqual(['hook OUTRANKED', 'transcript NOT_LOOKED_AT'])
  })

  it.each([
    ['the process that noted it is gone', null],
    ['another process has its number', 501],
  ])('calls a status stale when %s', (_, started) => {
    const told = found('claude', { eventLines: TURN, statusNotes: [note('busy', 2000, started)] })
    const detail = 'its program notes "busy" in its own file since 1970-01-01T00:00:02.000Z'
    expect(told).toContainEqual(['file', detail, 'STALE'])
  })

  it('says why the hooks did not decide when a newer status did', () => {
    const told = found('claude', { eventLines: TURN, statusNotes: [note('idle', 2000, 500)] })
    const [hook] = told.filter(([source]) => source === 'hook')
    expect(hook).toEqual(['hook', 'its program told of "UserPromptSubmit" at 1970-01-01T00:00:01.000Z', 'OLDER'])
  })

  it('names the transcript that ended a turn which no hook ended', () => {
    const path = { transcript_path: '/t', turn_id: 't' }
    const end = { type: 'task_complete', turn_id: 't', error: { message: 'API Error: 400' } }
    const transcriptLines = [JSON.stringify({ timestamp: AT, type: 'event_msg', payload: end })]
    const told = found('codex', { eventLines: [line(1000, 'UserPromptSubmit', path)], transcriptLines })
    expect(told).toContainEqual(['transcript', `its program wrote down "StopFailure" at ${AT}`, 'OUTRANKED'])
    expect(told).toContainEqual(['hook', expect.stringContaining('UserPromptSubmit'), 'OLDER'])
  })

  it('takes silence for nothing, and a screen that waits for what it is', () => {
    const told = found('claude', {}, { shown: { screen: TRUST, title: '\u001b[31mx' } })
    expect(told).toContainEqual(['hook', 'its program told of no event yet', 'SILENT'])
    expect(told).toContainEqual(['file', 'its program notes nothing of itself', 'SILENT'])
    expect(told).toContainEqual(['title', 'the title of its window is "x"', 'NO_RULE'])
    expect(told).toContainEqual(['screen', 'its window shows it', 'OUTRANKED'])
  })
})
