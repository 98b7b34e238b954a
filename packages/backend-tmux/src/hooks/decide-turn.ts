import type { Reason, Turn } from '@orch/core'
import { type HookEvent, isOwn, isSameCall } from './hook-event.ts'
import type { ProgramStatus } from './program-status.ts'
import { asksInWindow } from './window-question.ts'

/** How the newest turn stands by what its program told, and on what that rests. */
export interface TurnDecision {
  readonly turn: Turn
  /** What it asked and nobody answered, oldest first. */
  readonly asked: readonly HookEvent[]
  /** A dialog of its own that no event told of, and since when, milliseconds since 1970; `null` for none. */
  readonly dialog: { readonly text: string; readonly at: number } | null
  /** A queued message may be about to begin the next turn: look again before it counts as the end. */
  readonly isUnclear: boolean
  /** It takes text by its own status, and told of no event: hooks are not run, and its turns are not shown. */
  readonly isUnhooked: boolean
  /** How its last turn ended, of a program that is about to end with it; `null` for any other. */
  readonly whenGone: Turn | null
  readonly source: 'hook' | 'transcript' | 'file'
  /** In words, to go on after "its program". */
  readonly detail: string
}

/** While the events are gone through, one after the other. */
interface Progress {
  turn: Turn
  asked: HookEvent[]
  /** Messages that were given while a turn ran, and that one of the next turns takes. */
  queued: number
  last: HookEvent | null
}

const INTERRUPTED: Reason = {
  code: 'INTERRUPTED',
  text: 'The turn was interrupted: its program rests, and told of no end',
}
const INTERRUPTED_BY_KEY: Reason = { code: 'INTERRUPTED', text: 'The turn was interrupted' }
const RESUMED: Reason = { code: 'RESUMED', text: 'It went on with an earlier conversation, and was told nothing yet' }
const ENDING: Reason = { code: 'ENDING', text: 'Its conversation was ended in a turn, and its program is about to end' }
const LEAVING: Reason = { code: 'ENDING', text: 'Its turn has ended, and its program is about to end with it' }
const FOR_SUBAGENTS: Reason = { code: 'SUBAGENTS', text: 'It waits for the subagents that it started' }
const QUEUED: Reason = { code: 'QUEUED', text: 'It goes on with a message that it was given while it worked' }
/**
 * Between two turns the program notes for an instant that it is idle, at the end of a failed one before its hook tells of
 * that, and when it asks, for an instant that it still works; in milliseconds. One that works on after that was answered, before its hook could tell that it asked.
 */
export const SETTLED_MS = 300

/** A program that runs hooks tells of its start long before it has been idle for so many milliseconds. */
const UNHOOKED_MS = 10_000

const CLEAR = { dialog: null, isUnclear: false, isUnhooked: false, whenGone: null } as const

const STARTUP: Turn = { status: 'none' }

/**
 * Decides by the events, oldest first, and fills the holes with the status: Escape fires no hook, and a program that goes
 * on with a queued message tells nothing either. Silence decides nothing.
 */
export function decideTurn(
  events: readonly HookEvent[],
  status: ProgramStatus | null,
  now: number = Date.now(),
): TurnDecision {
  const progress: Progress = { turn: STARTUP, asked: [], queued: 0, last: null }
  for (const event of events) follow(progress, event)
  const { asked, last } = progress
  const leaves = progress.turn.status === 'ended' && last?.fields.leaves === true
  const turn = leaves ? running(last.at, LEAVING) : untilProcessEnds(progress.turn)
  const source = last?.source ?? 'hook'
  const whenGone = leaves ? progress.turn : null
  const byHooks: TurnDecision = { ...CLEAR, turn, whenGone, asked, source, detail: detailOf(last) }
  return status === null ? byHooks : withStatus(byHooks, last, { ...status, now })
}

/** The same of a turn behind whose end a message waits, as the transcript tells. @param at its end, milliseconds since 1970 */
export function goesOn(decision: TurnDecision, at: number): TurnDecision {
  return { ...decision, turn: running(at, QUEUED), source: 'transcript', detail: 'wrote down that a message waits' }
}

/** A program that is about to end rests no more: how it ended, its process tells. */
function untilProcessEnds(turn: Turn): Turn {
  if (turn.status !== 'ended' || turn.reason !== ENDING) return turn
  return { status: 'running', since: turn.at, reason: ENDING }
}

function follow(progress: Progress, event: HookEvent): void {
  const { name } = event
  if (name === 'PermissionRequest' || asksInWindow(event)) progress.asked.push(event)
  if (/^(PostToolUse|PostToolUseFailure|PermissionDenied)$/.test(name))
    progress.asked = progress.asked.filter((asked) => !isSameCall(asked, event))
  if (!isOwn(event)) return
  progress.last = event
  const handler = HANDLERS[name] ?? showsWork
  handler(progress, event)
}

type Handler = (progress: Progress, event: HookEvent) => void

const HANDLERS: Readonly<Record<string, Handler>> = {
  SessionStart(progress, { at, fields }) {
    if (fields.source === 'compact') return
    if (fields.source === 'resume') end(progress, ended('interrupted', at, RESUMED))
    else end(progress, fields.source === 'clear' ? ended('completed', at, null) : STARTUP)
  },
  UserPromptSubmit(progress, { at, fields }) {
    const isSteered = fields.turn_id !== undefined
    if (progress.turn.status !== 'running') progress.turn = running(at, null)
    else if (!isSteered) progress.queued += 1
  },
  Stop(progress, { at, fields }) {
    if (waitsForSubagents(fields.background_tasks)) progress.turn = running(at, FOR_SUBAGENTS)
    else if (progress.queued > 0) {
      progress.queued -= 1
      progress.asked = []
      progress.turn = running(at, QUEUED)
    } else end(progress, ended('completed', at, null))
  },
  StopFailure(progress, { at, fields }) {
    const text = String(fields.last_assistant_message ?? 'The model could not be asked')
    end(progress, ended('error', at, { code: 'API_ERROR', text }))
  },
  Interrupt(progress, { at }) {
    end(progress, ended('interrupted', at, INTERRUPTED_BY_KEY))
  },
  SessionEnd(progress, { at, fields }) {
    const why = leadsOn(fields.reason) ? INTERRUPTED : ENDING
    if (progress.turn.status === 'running') end(progress, ended('interrupted', at, why))
  },
}

function showsWork(progress: Progress, { at }: HookEvent): void {
  if (progress.turn.status !== 'running') progress.turn = running(at, null)
}

function end(progress: Progress, turn: Turn): void {
  progress.turn = turn
  progress.asked = []
  progress.queued = 0
}

function withStatus(
  by: TurnDecision,
  last: HookEvent | null,
  { status, at, waitingFor, now }: ProgramStatus & { readonly now: number },
): TurnDecision {
  const isNew = (event: HookEvent): boolean => event.at >= at && now - event.at < SETTLED_MS
  // While a subagent asks, the program itself is noted as busy.
  const asked = by.asked.filter((event) => status === 'waiting' || event.subagent !== null || isNew(event))
  const told = detailOfStatus({ status, at })
  const isUnclear = status !== 'waiting' && asked.some((event) => event.subagent === null)
  if (last !== null && at <= last.at) return { ...by, asked, isUnclear }
  const noted = { ...CLEAR, asked, source: 'file', detail: told } as const
  if (status === 'waiting') {
    if (asked.length > 0) return { ...by, asked }
    return { ...noted, turn: by.turn, dialog: { text: waitingFor ?? 'a dialog', at } }
  }
  if (last === null && status === 'idle') return { ...by, isUnhooked: now - at >= UNHOOKED_MS }
  if (last?.name === 'SessionEnd' && by.turn.status === 'running') return by
  if (last === null || status === 'busy')
    return by.turn.status === 'running' ? { ...by, asked } : { ...noted, turn: running(at, null) }
  if (by.turn.status !== 'running') return { ...by, asked: [] }
  if (now - at < SETTLED_MS) return { ...by, asked, isUnclear: true }
  const turn = last.name === 'Stop' ? ended('completed', last.at, null) : ended('interrupted', at, INTERRUPTED)
  return { ...noted, turn, asked: [] }
}

/** Whether another conversation follows in the same program, for which it ends one. */
function leadsOn(reason: unknown): boolean {
  return reason === 'clear' || reason === 'resume'
}

/** Whether an event tells of the end of a turn, which may be followed by one with a queued message. */
export function endsTurn({ name, fields }: HookEvent): boolean {
  return name === 'StopFailure' || (name === 'Stop' && !waitsForSubagents(fields.background_tasks))
}

/** A shell command that was sent to the background wakes nobody; a subagent does when it ends. */
function waitsForSubagents(tasks: unknown): boolean {
  return (
    Array.isArray(tasks) &&
    tasks.some((task: { type?: unknown; status?: unknown }) => task.type === 'subagent' && task.status === 'running')
  )
}

function running(at: number, reason: Reason | null): Turn {
  return { status: 'running', since: new Date(at).toISOString(), reason }
}

function ended(how: 'completed' | 'error' | 'interrupted', at: number, reason: Reason | null): Turn {
  return { status: 'ended', how, at: new Date(at).toISOString(), reason }
}

/** What a program's own file says, in words, to go on after "its program". */
export function detailOfStatus({ status, at }: Pick<ProgramStatus, 'status' | 'at'>): string {
  return `notes "${status}" in its own file since ${new Date(at).toISOString()}`
}

function detailOf(last: HookEvent | null): string {
  if (last === null) return 'told of no event yet'
  const how = last.source === 'transcript' ? 'wrote down' : 'told of'
  return `${how} "${last.name}" at ${new Date(last.at).toISOString()}`
}
