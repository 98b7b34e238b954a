import {
  type Evidence,
  type Field,
  type Finding,
  type Observation,
  type Reason,
  sanitize,
  type Usage,
} from '@orch/core'
import { decideTurn, detailOfStatus } from './hooks/decide-turn.ts'
import type { HookEvent } from './hooks/hook-event.ts'
import { parseEvents } from './hooks/look-at-hooks.ts'
import { parseNotedStatus } from './hooks/program-status.ts'
import type { StatusNote, Testimony } from './hooks/witnesses.ts'
import { observationOf, SHOWS_IT, type Sighting, startupOf } from './observation.ts'
import { hooksOf } from './programs/known.ts'

const PLACE: Reason = { code: 'PLACE', text: 'It says where the agent is, not what it does' }
const ALIVE: Reason = { code: 'ALIVE', text: 'It says that the program lives, not what it does' }
const SILENT: Reason = { code: 'SILENT', text: 'Silence says nothing' }
const OLDER: Reason = { code: 'OLDER', text: 'Something newer was seen' }
const OUTRANKED: Reason = { code: 'OUTRANKED', text: 'What ranks before it decided' }
const NOT_NEEDED: Reason = { code: 'NOT_LOOKED_AT', text: 'Hooks tell how this turn stands' }
const NO_END: Reason = { code: 'NO_END', text: 'It ends no turn that hooks left open' }
const NO_RULE: Reason = { code: 'NO_RULE', text: 'It says nothing that is known' }
const NO_TURN: Reason = { code: 'NO_TURN', text: 'It says that no turn runs, not that one has run' }
const GONE: Reason = { code: 'STALE', text: 'The process that noted it is gone' }
const REPLACED: Reason = { code: 'STALE', text: 'The process that noted it is gone, and another has its number' }

/** The observation, with everything that was looked at. */
export function explainedObservationOf(sighting: Sighting, usage: Field<Usage>): Observation {
  const observation = observationOf(sighting, usage)
  return { ...observation, looked: findingsOf(sighting, observation) }
}

/** By rank: process, hooks, transcript, status file, title, screen. */
function findingsOf(sighting: Sighting, { existence, process }: Observation): Finding[] {
  const place = existence.known ? [because(existence.evidence, PLACE)] : []
  const life = process.known ? [because(process.evidence, process.value.alive ? ALIVE : OUTRANKED)] : []
  return [...place, ...life, ...toldFindings(sighting), ...windowFindings(sighting)]
}

function toldFindings({ told, testimony, handle, at }: Sighting): Finding[] {
  if (told === null || testimony === null) return []
  const events = parseEvents(testimony.eventLines)
  const { detail } = decideTurn(events, null)
  const newer = told.decision.source === 'hook' ? OUTRANKED : OLDER
  const hooks = because(seen('hook', `its program ${detail}`, at), told.isSilent ? SILENT : newer)
  const hasStatus = testimony.statusNotes.length > 0 || hooksOf(handle?.program ?? '')?.tellsStart === true
  return [
    hooks,
    ...transcriptFinding({ told, testimony, handle, at }),
    ...(hasStatus ? statusFindings(testimony, told.decision.isUnhooked ? null : events, at) : []),
  ]
}

function transcriptFinding({
  told,
  testimony,
  handle,
  at,
}: Pick<Sighting, 'told' | 'testimony' | 'handle' | 'at'>): Finding[] {
  if (told?.decision.source === 'transcript')
    return [because(seen('transcript', `its program ${told.decision.detail}`, at), OUTRANKED)]
  if (hooksOf(handle?.program ?? '')?.endsInTranscript === undefined) return []
  const isRead = testimony?.transcriptLines != null
  const detail = isRead ? 'its transcript was read for the end of the turn' : 'its transcript was not read'
  return [because(seen('transcript', detail, at), isRead ? NO_END : NOT_NEEDED)]
}

/** @param events `null` when there are none because hooks are not run */
function statusFindings({ statusNotes }: Testimony, events: readonly HookEvent[] | null, at: string): Finding[] {
  if (statusNotes.length === 0) return [because(seen('file', 'its program notes nothing of itself', at), SILENT)]
  return statusNotes.map((note) => statusFinding(note, events, at))
}

function statusFinding({ text, started }: StatusNote, events: readonly HookEvent[] | null, at: string): Finding {
  const noted = parseNotedStatus(text)
  if (noted === null) return because(seen('file', 'its own file cannot be understood', at), NO_RULE)
  const last = events?.findLast(({ subagent }) => subagent === null)
  const newest = last !== undefined && noted.at <= last.at ? OLDER : OUTRANKED
  const fresh = events === null ? NO_TURN : newest
  const stale = started === null ? GONE : REPLACED
  const isOwn = started !== null && String(started) === noted.procStart
  return because(seen('file', `its program ${detailOfStatus(noted)}`, at), isOwn ? fresh : stale)
}

function windowFindings(sighting: Sighting): Finding[] {
  const { shown, at } = sighting
  if (shown === null) return []
  const title = because(seen('title', `the title of its window is "${sanitize(shown.title)}"`, at), NO_RULE)
  const isAsking = startupOf(sighting) !== null
  const detail = isAsking ? SHOWS_IT : 'its window shows no screen that is known to wait for a person'
  return [title, because(seen('screen', detail, at), isAsking ? OUTRANKED : NO_RULE)]
}

function seen(source: Evidence['source'], detail: string, at: string): Evidence {
  return { source, detail, at }
}

function because(evidence: Evidence, reason: Reason): Finding {
  return { ...evidence, reason }
}
