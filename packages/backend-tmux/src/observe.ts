import {
  type AgentRef,
  type Field,
  type Found,
  type JsonValue,
  letStart,
  type ObserveQuery,
  type ObserveResult,
  OrchError,
  recheck,
  type ServerInfo,
  type Usage,
} from '@orch/core'
import { type RecordedExit, readExits } from './client/files.ts'
import { loggedAt } from './client/log.ts'
import { hasProc, processesBy, processStat, startSeconds } from './client/processes.ts'
import type { Context } from './context.ts'
import { PROGRAM_VARIABLE, RUN_VARIABLE } from './environment.ts'
import { explainedObservationOf } from './explain.ts'
import { SETTLED_MS } from './hooks/decide-turn.ts'
import { hear, type Told } from './hooks/look-at-hooks.ts'
import { windowsShown } from './hooks/start-screens.ts'
import { keepTestimony, liveWitnesses, type Testimony } from './hooks/witnesses.ts'
import { foundOf, handleOf, rowOf, type TaggedRows, taggedRows } from './identity.ts'
import { lookBeforeSend } from './look-before-send.ts'
import { observationOf, type Sighting } from './observation.ts'
import { epochOf, type Handle, type Look, parseHandle, parseTarget, type Row } from './parse.ts'
import { usagesOf } from './usage.ts'

/** An agent with the look at its server. */
interface Subject {
  readonly agent: AgentRef
  readonly handle: Handle | null
  readonly look: Look
  readonly row: Row | undefined
}

/** `Backend.observe`: one tmux process for each server, whatever the number of agents; none right before a `send`, where that can be. */
export async function observeAgents(
  context: Context,
  agents: readonly AgentRef[],
  signal: AbortSignal,
  { explain, usage, beforeSend = false }: ObserveQuery = { explain: false, usage: true },
): Promise<ObserveResult> {
  const brief = beforeSend && agents.length === 1 ? lookBeforeSend(agents[0] as AgentRef) : null
  if (brief !== null) return brief
  const { sightings, looks } = await sightAgents(context, agents, { signal, explain })
  const used = await usagesOf(new Map(sightings.map((one) => [one, one.handle])), usage, signal)
  const own = looks.get(context.paths.socket) as Look
  const toObservation = explain ? explainedObservationOf : observationOf
  return {
    observations: sightings.map((one) => toObservation(one, used.get(one) as Field<Usage>)),
    found: [...looks].flatMap(([socket, look]) => foundIn(context, socket, look)),
    complete: [...looks.values()].every((look) => look.kind !== 'failed'),
    server: serverInfo(own),
  }
}

/** How to look. */
interface SightOptions {
  readonly signal: AbortSignal
  /** Whether to look at everything, and to keep what the decision rests on. */
  readonly explain: boolean
}

/** Everything from which observations of these agents are made, and the looks at their servers. */
export async function sightAgents(
  context: Context,
  agents: readonly AgentRef[],
  options: SightOptions,
): Promise<{ readonly sightings: readonly Sighting[]; readonly looks: ReadonlyMap<string, Look> }> {
  const sockets = new Set([context.paths.socket, ...agents.map((agent) => socketOf(agent.target))])
  const [looks, known] = await Promise.all([lookAt(context, [...sockets], options.signal), parseMeanwhile(agents)])
  const subjects = subjectsOf(context, known, looks)
  const exits = readExits(subjects.flatMap(({ handle }) => handle?.exit ?? []))
  const sightings = await withWindows(context, await sightingsOf(subjects, exits, options), options)
  return { sightings, looks }
}

/** `Backend.find`. @throws OrchError `BACKEND_UNREACHABLE` when one of them could not be looked at. */
export async function findAgents(
  context: Context,
  targets: readonly JsonValue[],
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const looks = await lookAt(context, [...new Set(targets.map(socketOf))], signal)
  for (const [socket, look] of looks)
    if (look.kind === 'failed')
      throw new OrchError('BACKEND_UNREACHABLE', `Cannot list the tmux windows at "${socket}": ${look.reason.text}`, {
        hint: 'Run "orch doctor"',
        retryable: true,
      })
  return [...looks].flatMap(([socket, look]) => foundIn(context, socket, look))
}

/** What a look says of its server. */
export function serverInfo(look: Look): ServerInfo {
  if (look.kind === 'server')
    return { ok: true, version: look.server.version, epoch: epochOf(look.server), error: null }
  const error = look.kind === 'failed' ? look.reason : { code: 'NO_SERVER', text: 'No tmux server runs' }
  return { ok: false, version: null, epoch: null, error }
}

/** The socket in a target. @throws OrchError `INTERNAL` for a target of another backend. */
export function socketOf(target: JsonValue): string {
  const socket = parseTarget(target)
  if (socket !== null) return socket
  throw new OrchError('INTERNAL', `Cannot use target ${JSON.stringify(target)}: it is not one of the tmux backend`)
}

async function lookAt(context: Context, sockets: readonly string[], signal: AbortSignal): Promise<Map<string, Look>> {
  const looks = await Promise.all(sockets.map((socket) => context.tmux.look(socket, signal)))
  return new Map(sockets.map((socket, index) => [socket, looks[index] as Look]))
}

interface KnownPlace {
  readonly agent: AgentRef
  readonly socket: string
  readonly handle: Handle | null
}

/** Takes apart what is recorded while tmux answers. */
async function parseMeanwhile(agents: readonly AgentRef[]): Promise<KnownPlace[]> {
  await letStart()
  return agents.map((agent) => ({ agent, socket: socketOf(agent.target), handle: parseHandle(agent.handle) }))
}

function subjectsOf(context: Context, known: readonly KnownPlace[], looks: ReadonlyMap<string, Look>): Subject[] {
  const tagged = new Map([...looks].map(([socket, look]) => [socket, taggedRows(look, context.host.namespace)]))
  return known.map(({ agent, socket, handle }) => {
    const look = looks.get(socket) as Look
    const row = rowOf(agent, handle, tagged.get(socket) as TaggedRows)
    if (handle !== null || row === undefined || look.kind !== 'server') return { agent, handle, look, row }
    return { agent, handle: handleOf(look.server, row, context.paths), look, row }
  })
}

async function sightingsOf(
  subjects: readonly Subject[],
  exits: ReadonlyMap<string, RecordedExit>,
  options: SightOptions,
): Promise<Sighting[]> {
  const at = new Date().toISOString()
  const isUnrecorded = ({ handle, row }: Subject): boolean =>
    row?.dead !== false && handle !== null && !exits.has(handle.exit)
  const running = subjects.some(isUnrecorded) && hasProc() ? await whatRuns() : null
  const heard = await heardOf(subjects, options)
  return subjects.map((subject) => {
    const { agent, handle, look, row } = subject
    const absent = row === undefined && handle !== null
    return {
      ...{ agent, handle, look, row, at },
      recorded: handle === null ? null : (exits.get(handle.exit) ?? null),
      running: running?.(subject) ?? null,
      serverRuns: absent && look.kind === 'none' && serverRuns(handle),
      loggedAt: absent ? loggedAt(handle.log) : null,
      told: heard.get(subject)?.told ?? null,
      testimony: heard.get(subject)?.testimony ?? null,
      shown: null,
    }
  })
}

/** Tells what the run of an agent without a window still has running; in a dead window only its program counts. */
async function whatRuns(): Promise<(subject: Subject) => readonly number[]> {
  const [runs, programs] = await Promise.all([processesBy(RUN_VARIABLE), processesBy(PROGRAM_VARIABLE)])
  return ({ handle, row }) => {
    if (handle?.started !== undefined)
      return processStat(handle.panePid)?.started === handle.started ? [handle.panePid] : []
    const pids = (handle === null ? undefined : runs.get(handle.run))?.map(({ pid }) => pid) ?? []
    return row === undefined
      ? pids
      : pids.filter((pid) => programs.get(String(pid))?.some((stat) => stat.pid === pid) === true)
  }
}

/** What a program told, and out of what that was made. */
interface Heard {
  readonly told: Told
  readonly testimony: Testimony | null
}

/** What programs told; what may be an instant between two turns is looked at again. */
async function heardOf(
  subjects: readonly Subject[],
  { signal, explain }: SightOptions,
): Promise<ReadonlyMap<Subject, Heard>> {
  const heard = new Map<Subject, Heard>()
  const look = (some: readonly Subject[]): readonly Subject[] =>
    some.filter((subject) => {
      const seen = hearOne(subject, explain)
      if (seen !== null) heard.set(subject, seen)
      return seen?.told.decision.isUnclear === true
    })
  let unclear = look(subjects)
  const again = (): true | undefined => {
    unclear = look(unclear)
    return unclear.length === 0 || undefined
  }
  if (unclear.length > 0) await recheck(again, { timeoutMs: 2 * SETTLED_MS, everyMs: 50, signal })
  return heard
}

function hearOne({ handle, row }: Subject, explain: boolean): Heard | null {
  const witnesses = handle && liveWitnesses(handle, row?.dead === false, explain)
  if (witnesses === null) return null
  const program = handle?.program ?? ''
  if (!explain) return { told: hear(program, witnesses), testimony: null }
  const kept = keepTestimony(witnesses)
  return { told: hear(program, kept.witnesses), testimony: kept.taken() }
}

/** The window of a program that told of nothing yet is looked at: it may show a screen that a person must answer first. */
async function withWindows(
  context: Context,
  sightings: readonly Sighting[],
  { signal, explain }: SightOptions,
): Promise<readonly Sighting[]> {
  const windows = sightings.flatMap(({ agent, handle, row, told }) =>
    handle !== null && row !== undefined && (explain || (told?.isSilent === true && !row.dead))
      ? [{ socket: socketOf(agent.target), handle }]
      : [],
  )
  if (windows.length === 0) return sightings
  const shown = await windowsShown(context, windows, signal)
  return sightings.map((one) => ({ ...one, shown: (one.handle && shown.get(one.handle)) ?? null }))
}

function serverRuns(handle: Handle): boolean {
  const stat = processStat(handle.server.pid)
  if (stat === null || !stat.name.startsWith('tmux')) return false
  const started = startSeconds(stat)
  return started === null || Math.abs(started - handle.server.startTime) <= 2
}

function foundIn(context: Context, socket: string, look: Look): Found[] {
  if (look.kind !== 'server') return []
  const { server } = look
  const rows = [...taggedRows(look, context.host.namespace).values()].flat()
  return rows.map((row) => foundOf({ server, row }, socket, context.paths))
}
