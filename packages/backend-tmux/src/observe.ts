import {
  type AgentRef,
  type Found,
  type JsonValue,
  letStart,
  type ObserveResult,
  OrchError,
  recheck,
  type ServerInfo,
} from '@orch/core'
import { modifiedAt, type RecordedExit, readExits } from './client/files.ts'
import { hasProc, processesBy, processStat, startSeconds } from './client/processes.ts'
import type { Context } from './context.ts'
import { PROGRAM_VARIABLE, RUN_VARIABLE } from './environment.ts'
import { SETTLED_MS } from './hooks/decide-turn.ts'
import { lookAtHooks, type Told } from './hooks/look-at-hooks.ts'
import { startScreens } from './hooks/start-screens.ts'
import { foundOf, handleOf, rowOf, type TaggedRows, taggedRows } from './identity.ts'
import { observationOf, type Sighting } from './observation.ts'
import { epochOf, type Handle, type Look, parseHandle, parseTarget, type Row } from './parse.ts'

/** An agent with the look at its server. */
interface Subject {
  readonly agent: AgentRef
  readonly handle: Handle | null
  readonly look: Look
  readonly row: Row | undefined
}

/** `Backend.observe`: one tmux process for each server, whatever the number of agents. */
export async function observeAgents(
  context: Context,
  agents: readonly AgentRef[],
  signal: AbortSignal,
): Promise<ObserveResult> {
  const sockets = new Set([context.paths.socket, ...agents.map((agent) => socketOf(agent.target))])
  const [looks, known] = await Promise.all([lookAt(context, [...sockets], signal), parseMeanwhile(agents)])
  const subjects = subjectsOf(context, known, looks)
  const exits = readExits(subjects.flatMap(({ handle }) => handle?.exit ?? []))
  const sightings = await withStartScreens(context, await sightingsOf(subjects, exits, signal), signal)
  const own = looks.get(context.paths.socket) as Look
  return {
    observations: sightings.map(observationOf),
    found: [...looks].flatMap(([socket, look]) => foundIn(context, socket, look)),
    complete: [...looks.values()].every((look) => look.kind !== 'failed'),
    server: serverInfo(own),
  }
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
  signal: AbortSignal,
): Promise<Sighting[]> {
  const at = new Date().toISOString()
  const isUnrecorded = ({ handle, row }: Subject): boolean =>
    row?.dead !== false && handle !== null && !exits.has(handle.exit)
  const running = subjects.some(isUnrecorded) && hasProc() ? await whatRuns() : null
  const told = await toldOf(subjects, signal)
  return subjects.map((subject) => {
    const { agent, handle, look, row } = subject
    const absent = row === undefined && handle !== null
    return {
      ...{ agent, handle, look, row, at },
      recorded: handle === null ? null : (exits.get(handle.exit) ?? null),
      running: running?.(subject) ?? null,
      serverRuns: absent && look.kind === 'none' && serverRuns(handle),
      loggedAt: absent ? modifiedAt(handle.log) : null,
      told: told.get(subject) ?? null,
      startup: null,
    }
  })
}

/** Tells what the run of an agent without a window still has running; in a dead window only its program counts. */
async function whatRuns(): Promise<(subject: Subject) => readonly number[]> {
  const [runs, programs] = await Promise.all([processesBy(RUN_VARIABLE), processesBy(PROGRAM_VARIABLE)])
  return ({ handle, row }) => {
    const pids = (handle === null ? undefined : runs.get(handle.run))?.map(({ pid }) => pid) ?? []
    return row === undefined
      ? pids
      : pids.filter((pid) => programs.get(String(pid))?.some((stat) => stat.pid === pid) === true)
  }
}

/** What programs told; what may be an instant between two turns is looked at again. */
async function toldOf(subjects: readonly Subject[], signal: AbortSignal): Promise<ReadonlyMap<Subject, Told>> {
  const told = new Map<Subject, Told>()
  const look = (some: readonly Subject[]): readonly Subject[] =>
    some.filter((subject) => {
      const { handle, row } = subject
      const seen = handle === null ? null : lookAtHooks(handle, row?.dead === false)
      if (seen !== null) told.set(subject, seen)
      return seen?.decision.isUnclear === true
    })
  let unclear = look(subjects)
  const again = (): true | undefined => {
    unclear = look(unclear)
    return unclear.length === 0 || undefined
  }
  if (unclear.length > 0) await recheck(again, { timeoutMs: 2 * SETTLED_MS, everyMs: 50, signal })
  return told
}

/** A program that told of nothing yet may show a screen that a person must answer first. */
async function withStartScreens(
  context: Context,
  sightings: readonly Sighting[],
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const silent = sightings.flatMap(({ agent, handle, row, told }) =>
    handle !== null && row?.dead === false && told?.isSilent === true
      ? [{ socket: socketOf(agent.target), handle }]
      : [],
  )
  if (silent.length === 0) return sightings
  const screens = await startScreens(context, silent, signal)
  return sightings.map((one) => ({ ...one, startup: (one.handle && screens.get(one.handle)) ?? null }))
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
