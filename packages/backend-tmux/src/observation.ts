import {
  type AgentRef,
  type AgentRequest,
  type Evidence,
  type Existence,
  type Field,
  NOT_ASKED,
  NOT_SHOWN,
  type Observation,
  type ProcessInfo,
  type Reason,
  type Turn,
  type Usage,
} from '@orch/core'
import type { RecordedExit } from './client/files.ts'
import type { TurnDecision } from './hooks/decide-turn.ts'
import { toAgentRequest, toDialogRequest } from './hooks/hook-requests.ts'
import type { Told } from './hooks/look-at-hooks.ts'
import { asOneLine, type Shown, startRequest } from './hooks/start-screens.ts'
import type { Testimony } from './hooks/witnesses.ts'
import { epochOf, type Handle, type Look, type Row } from './parse.ts'
import { hooksOf } from './programs/known.ts'

/** Everything one look at a server, its exit files and `/proc` showed of one agent. */
export interface Sighting {
  readonly agent: AgentRef
  readonly handle: Handle | null
  readonly look: Look
  /** Its window, if it has one. */
  readonly row: Row | undefined
  readonly recorded: RecordedExit | null
  /**
   * Without a window: what its run still has running. In a dead window whose wrapper recorded no exit: its program, if that runs.
   * `null` when that was not or cannot be seen.
   */
  readonly running: readonly number[] | null
  /** Of an agent without a window: whether the server of its handle runs although its socket does not answer. */
  readonly serverRuns: boolean
  /** When its log was last written to; only looked up for an agent without a window. */
  readonly loggedAt: string | null
  /** What its program told; `null` for a program that tells nothing. */
  readonly told: Told | null
  /** Out of which `told` was made; `null` unless the look is to explain itself. */
  readonly testimony: Testimony | null
  /** What its window shows; `null`: not looked at, or not seen. */
  readonly shown: Shown | null
  /** ISO 8601. */
  readonly at: string
}

const NOBODY_ASKED = unknown<never>({ code: NOT_ASKED, text: 'Nobody asked for it' })
const NOT_SEEN = unknown<never>({ code: 'NOT_SEEN', text: 'It could not be seen what still runs' })
const NO_HOOKS = 'Its program takes text and told of nothing: hooks are switched off there, or not known to it'
const NO_TURNS = 'A bare program in tmux does not show its turns'
const NO_REQUESTS = 'A bare program in tmux does not show what it waits for'

/** That a window shows what is waited for. */
export const SHOWS_IT = 'its window shows it'

/** What all of that says of the agent, and what it used. */
export function observationOf(sighting: Sighting, usage: Field<Usage>): Observation {
  const { row } = sighting
  const process = row === undefined ? processWithout(sighting) : processIn(sighting, row)
  return {
    id: sighting.agent.id,
    at: sighting.at,
    existence: row === undefined ? absence(sighting) : presence(sighting, row),
    process,
    ...turnAndRequests(sighting, process),
    lastActivityAt: activity(sighting, row),
    usage,
  }
}

/** What is known of an agent whose window is not looked at. */
export type Running = Pick<Sighting, 'agent' | 'at' | 'told'> & { readonly handle: Handle; readonly shown: null }

/** What files and `/proc` alone say of an agent whose window's process runs. */
export function runningObservation(sighting: Running): Observation {
  const { agent, at, handle } = sighting
  const runs = `process ${handle.panePid}, with which its tmux window was made, runs`
  const process = known({ alive: true, exit: null }, sighting, 'process', runs)
  return {
    id: agent.id,
    at,
    existence: known('present', sighting, 'process', runs),
    process,
    ...turnAndRequests(sighting, process),
    lastActivityAt: NOBODY_ASKED,
    usage: NOBODY_ASKED,
  }
}

/** How long a message that was typed may take to be told of, in milliseconds; after that it never will. */
const ON_ITS_WAY_MS = 10_000

const ON_ITS_WAY: Turn = {
  status: 'running',
  since: null,
  reason: { code: 'MESSAGE_ON_ITS_WAY', text: 'A message that was sent may still arrive' },
}

const PROCESS_ENDED: Reason = { code: 'PROCESS_ENDED', text: 'The program ended while the turn ran' }

function turnAndRequests(
  sighting: Sighting | Running,
  process: Field<ProcessInfo>,
): Pick<Observation, 'turn' | 'requests' | 'arrived'> {
  const { told, agent, at } = sighting
  const startup = startupOf(sighting)
  if (told === null) return { turn: hidden(NO_TURNS), requests: hidden(NO_REQUESTS) }
  const { decision, given } = told
  const evidence: Evidence = { source: decision.source, detail: `its program ${decision.detail}`, at }
  const isOver = process.known && !process.value.alive
  const arrived = agent.attempts.filter((attempt) => given.some((when) => when >= Date.parse(attempt.at)))
  const isOnItsWay = agent.attempts.some(
    (attempt) => !arrived.includes(attempt) && Date.parse(at) - Date.parse(attempt.at) < ON_ITS_WAY_MS,
  )
  const { dialog } = decision
  const asked = isOver
    ? []
    : [...decision.asked.map(toAgentRequest), ...(dialog === null ? [] : [toDialogRequest(dialog)])]
  if (startup !== null && !isOver) {
    const shown: Evidence = { source: 'screen', detail: SHOWS_IT, at }
    return {
      turn: known({ status: 'none' }, sighting, 'screen', shown.detail),
      requests: { known: true, value: [startup], evidence: shown },
    }
  }
  if (!isOver && !isOnItsWay && isUnhooked(sighting)) return { turn: hidden(NO_HOOKS), requests: hidden(NO_HOOKS) }
  return {
    turn: { known: true, value: turnOf(decision, { isOver, isOnItsWay }), evidence },
    requests: { known: true, value: asked, evidence },
    ...(arrived.length > 0 && { arrived: arrived.map(({ id }) => id) }),
  }
}

/** A program that told of nothing yet may show a screen that a person must answer before it begins. */
export function startupOf({ told, handle, shown }: Sighting | Running): AgentRequest | null {
  return told?.isSilent === true && shown !== null ? startRequest(handle?.program ?? '', shown.screen) : null
}

/** Silence alone never means that: its own status or its screen must show that it has begun. */
function isUnhooked({ told, handle, shown }: Sighting | Running): boolean {
  if (told === null || !told.isSilent) return false
  const shows = hooksOf(handle?.program ?? '')?.showsTurns
  return told.decision.isUnhooked || (shows !== undefined && shown !== null && shows.test(asOneLine(shown.screen)))
}

function turnOf(
  { turn, whenGone }: TurnDecision,
  { isOver, isOnItsWay }: { readonly isOver: boolean; readonly isOnItsWay: boolean },
): Turn {
  if (isOver && whenGone !== null) return whenGone
  if (isOver)
    return turn.status === 'running' ? { status: 'ended', how: 'interrupted', at: null, reason: PROCESS_ENDED } : turn
  return turn.status !== 'running' && isOnItsWay ? ON_ITS_WAY : turn
}

function presence(sighting: Sighting, row: Row): Field<Existence> {
  return known('present', sighting, 'process', `tmux window ${row.window} has this agent's tag`)
}

function absence(sighting: Sighting): Field<Existence> {
  const { look, handle, recorded, at } = sighting
  if (look.kind === 'failed') return unknown(look.reason)
  if (handle === null) return known('gone', sighting, 'process', 'no tmux window has its tag')
  const epoch = epochOf(handle.server)
  if (look.kind === 'server' && epochOf(look.server) === epoch)
    return known('gone', sighting, 'process', `tmux server ${epoch} has no such window any more`)
  if (look.kind === 'none' && sighting.serverRuns)
    return unknown({
      code: 'SOCKET_LOST',
      text: `tmux server ${handle.server.pid} runs, but its socket is gone: "kill -USR1 ${handle.server.pid}" makes it again`,
    })
  const over = look.kind === 'none' ? look.text : `tmux server ${epoch} was replaced by another`
  return recorded === null
    ? known('lost', sighting, 'process', over)
    : { known: true, value: 'gone', evidence: exitEvidence(recorded, at) }
}

function processIn(sighting: Sighting, row: Row): Field<ProcessInfo> {
  if (sighting.recorded !== null) return exited(sighting.recorded, sighting.at)
  if (!row.dead)
    return known(
      { alive: true, exit: null },
      sighting,
      'process',
      `process ${row.panePid} runs in tmux window ${row.window}`,
    )
  return processWithoutWrapper(sighting, row)
}

/** What the wrapper ended with says how the program did, unless it was killed itself. */
function processWithoutWrapper(sighting: Sighting, row: Row): Field<ProcessInfo> {
  const { exit } = row
  if (exit !== null && sighting.handle?.started !== undefined) {
    return known({ alive: false, exit }, sighting, 'process', `process ${row.panePid} ended; tmux saw how`)
  }
  if (exit !== null && exit.signal === null) {
    const detail = `process ${row.panePid} ended without recording its exit; tmux saw how`
    return known({ alive: false, exit }, sighting, 'process', detail)
  }
  const { running } = sighting
  if (running === null) return NOT_SEEN
  const how = exit === null ? 'ended, nobody saw how' : `was killed by ${exit.signal}`
  const what =
    running.length === 0
      ? ' before it could record how the program ended'
      : `; still running: process ${running.join(', ')}`
  const detail = `its wrapper, process ${row.panePid}, ${how}${what}`
  return known({ alive: running.length > 0, exit: null }, sighting, 'process', detail)
}

function processWithout(sighting: Sighting): Field<ProcessInfo> {
  if (sighting.recorded !== null) return exited(sighting.recorded, sighting.at)
  if (sighting.look.kind === 'failed') return unknown(sighting.look.reason)
  const { running } = sighting
  if (running === null) return NOT_SEEN
  const detail = running.length === 0 ? 'no process of this agent runs' : `still running: process ${running.join(', ')}`
  return known({ alive: running.length > 0, exit: null }, sighting, 'process', detail)
}

function activity(sighting: Sighting, row: Row | undefined): Field<string> {
  if (row !== undefined && Number.isFinite(row.activity)) {
    const at = new Date(row.activity * 1000).toISOString()
    return known(at, sighting, 'process', 'tmux saw its last output then')
  }
  if (sighting.loggedAt !== null) return known(sighting.loggedAt, sighting, 'file', 'its log was last written then')
  if (sighting.look.kind === 'failed') return unknown(sighting.look.reason)
  return unknown({ code: 'NO_LOG', text: 'Its log is not there' })
}

function exited(recorded: RecordedExit, at: string): Field<ProcessInfo> {
  return {
    known: true,
    value: { alive: false, exit: recorded.exit },
    evidence: exitEvidence(recorded, at),
  }
}

function exitEvidence({ exit, at: ended }: RecordedExit, at: string): Evidence {
  const how = exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`
  return { source: 'file', detail: `it ended with ${how} at ${ended}`, at }
}

function known<T>(value: T, { at }: Pick<Sighting, 'at'>, source: Evidence['source'], detail: string): Field<T> {
  return { known: true, value, evidence: { source, detail, at } }
}

function unknown<T>(reason: Reason): Field<T> {
  return { known: false, reason }
}

function hidden<T>(text: string): Field<T> {
  return unknown({ code: NOT_SHOWN, text })
}
