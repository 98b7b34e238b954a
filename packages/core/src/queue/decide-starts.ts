import type { Agent, Dependency, Reason } from '../agent.ts'
import { isOfEnvironment } from '../errors.ts'
import type { AgentRecord } from '../registry/record.ts'
import { TIMING } from '../timing.ts'
import { DEPENDENCY_FAILED } from './queued.ts'

/** What is known of a project's queue at one moment. */
export interface QueueScene {
  /** Who is queued, first come first. */
  readonly queue: readonly AgentRecord[]
  /** Who has a place, by the newest list. */
  readonly holders: readonly string[]
  /** Agents that have a place or come before another one, as they were looked at; `null`: its record is gone. */
  readonly agents: ReadonlyMap<string, Agent | null>
  /** Those of them whose records are closed: nothing about these changes any more. */
  readonly closed: ReadonlySet<string>
  /** Those whose records could not be read, and why. */
  readonly unreadable: ReadonlyMap<string, string>
  /** Whether an agent provably needs its place no longer. */
  isFree(id: string): boolean
  /** Who spawned an agent, who spawned that one, and so on. */
  ancestors(record: AgentRecord): ReadonlySet<string>
  /** Why nobody can be started on a backend by this process now; `null`: that is not known before it is tried. */
  hindranceOn(backend: string): Reason | null
  /** What is the matter with the task of one that is queued; `null`: it can be read. */
  taskProblem(record: AgentRecord): Obstacle | null
  /** Whether this process queued it, and is asked for it: it is tried whatever others came to. */
  isOwn(id: string): boolean
  /** Whether this process tried it already: nobody is tried twice. */
  isTried(id: string): boolean
  /** Whether this process has just started one of its kind. */
  isProven(kind: string): boolean
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** How one that is queued stands. */
export interface Standing {
  /** Its number in the queue, from 1. */
  readonly position: number
  readonly reason: Reason
}

/** What is to be done now. */
export interface StartDecision {
  /** Ids, first come first. */
  readonly starts: readonly string[]
  /** Who has a place then, those to be started among them. */
  readonly holders: readonly string[]
  readonly standings: ReadonlyMap<string, Standing>
  /** Those that can never be started, and why. */
  readonly doomed: ReadonlyMap<string, Reason>
}

/** Why one cannot be started, and whether that may still change. */
export interface Obstacle {
  readonly reason: Reason
  readonly isFinal: boolean
}

/**
 * Who is started now. First come first, but one whose dependencies are not met, or that must wait for another reason,
 * holds up nobody, and one that could not be started comes after all others. Who has a place keeps it until it is free,
 * also when its start was cut off. An agent counts as no taken place for those that it spawned itself: it lends them its
 * own. Of those that need the same of the environment one is tried first: where it fails they wait for a while. Pure.
 */
export function decideStarts(scene: QueueScene): StartDecision {
  let holders = scene.holders.filter((id) => !scene.isFree(id))
  const starts: string[] = []
  const standings = new Map<string, Standing>()
  const doomed = new Map<string, Reason>()
  const stalled = stalledKinds(scene)
  const tried = new Set<string>()
  const positions = positionsIn(scene)
  for (const record of inTurn(scene.queue)) {
    const { id, start } = record
    const kind = kindOf(record)
    const position = positions.get(id) as number
    const hasPlace = holders.includes(id)
    const limit = start?.maxParallel ?? null
    const lent = scene.ancestors(record)
    const taken = holders.filter((holder) => holder !== id && !lent.has(holder))
    const isFull = limit !== null && !hasPlace && taken.length >= limit
    const full = isFull ? allTaken(limit, taken, { position, unreadable: scene.unreadable }) : null
    const obstacle = obstacleTo(record, scene, { hasPlace, standings, full, stalled: stalled.get(kind) ?? null })
    standings.set(id, { position, reason: obstacle?.reason ?? STARTS_NOW })
    if (obstacle?.isFinal) doomed.set(id, obstacle.reason)
    const isNext = scene.isOwn(id) || scene.isProven(kind) || takesLong(record) || !tried.has(kind)
    if (obstacle !== null || scene.isTried(id) || !isNext) continue
    tried.add(kind)
    starts.push(id)
    if (limit !== null && !hasPlace) holders = [...holders, id]
  }
  return { starts, holders, standings, doomed }
}

/** Who waits in vain is ahead of nobody. */
function positionsIn(scene: QueueScene): ReadonlyMap<string, number> {
  const inVain = new Map<string, Standing>()
  for (const record of scene.queue) {
    const reason = dependencyOf(record, scene, inVain)?.reason
    if (reason?.code === DEPENDENCY_FAILED) inVain.set(record.id, { position: 0, reason })
  }
  const isInVain = ({ id }: AgentRecord): number => (inVain.has(id) ? 1 : 0)
  const order = scene.queue.toSorted((a, b) => isInVain(a) - isInVain(b))
  return new Map(order.map(({ id }, index) => [id, index + 1]))
}

/** Those whose last start failed come last, so that they hold up nobody: of these who waited longest comes first. */
function inTurn(queue: readonly AgentRecord[]): readonly AgentRecord[] {
  const failedAt = ({ start }: AgentRecord): string => start?.failedAt ?? ''
  if (queue.every((record) => failedAt(record) === '')) return queue
  return queue.toSorted((a, b) => (failedAt(a) < failedAt(b) ? -1 : failedAt(a) > failedAt(b) ? 1 : 0))
}

/** Whether more is done before it is started than a look waits for: its worktree may be set up for minutes. */
export function takesLong({ worktree }: AgentRecord): boolean {
  return worktree !== undefined
}

/** What agents have in common that fail for the same reason of the environment. */
export function kindOf({ backend, program, worktree }: AgentRecord): string {
  return JSON.stringify([backend, program, worktree !== undefined])
}

/** Kinds of which one failed a moment ago because of the environment it was started from, and why. */
function stalledKinds({ queue, now }: QueueScene): ReadonlyMap<string, Reason> {
  const failed = queue.filter(
    ({ start, failure }) => isLately(start?.failedAt ?? null, now) && isOfEnvironment(failure?.code ?? ''),
  )
  return new Map(failed.map((record) => [kindOf(record), record.failure as Reason]))
}

/** Why it is not tried now. One that has a place already is, unless it rests or only its server is to be started by others. */
function obstacleTo(
  record: AgentRecord,
  scene: QueueScene,
  given: {
    readonly hasPlace: boolean
    readonly standings: ReadonlyMap<string, Standing>
    /** That its places are all taken. */
    readonly full: Reason | null
    /** Why one of its kind failed a moment ago. */
    readonly stalled: Reason | null
  },
): Obstacle | null {
  const { id, backend, failure } = record
  const open = (reason: Reason | null): Obstacle | null => reason && { reason, isFinal: false }
  const rests = wasTriedLately(record, scene.now) ? (failure ?? TRIED_BEFORE) : null
  const down = scene.hindranceOn(backend)
  if (given.hasPlace) return open(rests ?? (down?.code === SERVER_DOWN.code ? down : null))
  const stalled = given.stalled !== null && !scene.isOwn(id) ? (failure ?? given.stalled) : null
  return (
    dependencyOf(record, scene, given.standings) ??
    open(rests ?? given.full ?? stalled ?? down) ??
    scene.taskProblem(record)
  )
}

function dependencyOf(
  { start }: AgentRecord,
  { agents, closed, unreadable }: QueueScene,
  standings: ReadonlyMap<string, Standing>,
): Obstacle | null {
  const obstacles = (start?.after ?? []).map((dependency) => {
    const agent = agents.get(dependency.agent)
    const why = unreadable.get(dependency.agent)
    if (agent === undefined) return later(dependency, why ?? 'it could not be looked at')
    if (agent === null) return failed(dependency, 'its record is gone', true)
    if (standings.get(agent.id)?.reason.code === DEPENDENCY_FAILED) return failed(dependency, 'it waits in vain itself')
    return standingOf(dependency, agent, closed.has(agent.id))
  })
  const left = obstacles.filter((obstacle) => obstacle !== null)
  return left.find(({ isFinal }) => isFinal) ?? left.find(isFailed) ?? left[0] ?? null
}

/** As `wait` has it: who is done is idle too. */
function standingOf(dependency: Dependency, agent: Agent, isClosed: boolean): Obstacle | null {
  const { state } = dependency
  if (agent.state === state || (state === 'idle' && agent.state === 'done')) return null
  if (isClosed)
    return failed(dependency, `it was ${agent.lifecycle === 'failed' ? 'never made' : agent.lifecycle}`, true)
  if (agent.state === 'failed' || agent.state === 'lost' || agent.state === 'exited')
    return failed(dependency, `it is ${agent.state}: ${agent.reason.text}`)
  if (agent.state === 'running' && (state === 'idle' || state === 'working'))
    return failed(dependency, 'it does not show its turns')
  return later(dependency, `it is ${agent.state}`)
}

function isFailed({ reason }: Obstacle): boolean {
  return reason.code === DEPENDENCY_FAILED
}

function failed({ agent, state }: Dependency, why: string, isFinal = false): Obstacle {
  return { reason: { code: DEPENDENCY_FAILED, text: `It starts once "${agent}" is ${state}, and ${why}` }, isFinal }
}

function later({ agent, state }: Dependency, why: string): Obstacle {
  return { reason: { code: 'DEPENDENCY_OPEN', text: `It starts once "${agent}" is ${state}; ${why}` }, isFinal: false }
}

/** What the process that began to start it asked for may still turn up; what failed is given a rest. */
function wasTriedLately({ start }: AgentRecord, now: number): boolean {
  return isLately(start?.triedAt ?? null, now) || isLately(start?.failedAt ?? null, now)
}

function isLately(at: string | null, now: number): boolean {
  return at !== null && Math.abs(now - Date.parse(at)) < TIMING.inFlightMs
}

function allTaken(
  limit: number,
  taken: readonly string[],
  { position, unreadable }: { readonly position: number } & Pick<QueueScene, 'unreadable'>,
): Reason {
  const whose = taken.slice(0, 3).map((id) => `"${id}"${unreadable.has(id) ? ', whose record cannot be read' : ''}`)
  const more = taken.length > whose.length ? ` and ${taken.length - whose.length} more` : ''
  const what = limit === 1 ? 'The one place is' : `All ${limit} places are`
  return {
    code: 'PLACES_TAKEN',
    text: `${what} taken, by ${whose.join(', ')}${more}; it is number ${position} in the queue`,
  }
}

/** That another process starts it. */
export const HANDED_OVER: Reason = {
  code: 'HANDED_OVER',
  text: 'Its worktree is set up first: a process of its own does that and starts it',
}

/** That it may start, and this process did not do it. */
export const STARTS_NOW: Reason = { code: 'STARTS_NOW', text: 'It is being started' }
const TRIED_BEFORE: Reason = {
  code: 'TRIED_BEFORE',
  text: 'The process that began to start it died; it is started again once nothing of that can turn up any more',
}
/** That only `wait` and `spawn` go on with it. */
export const SERVER_DOWN: Reason = {
  code: 'SERVER_DOWN',
  text: 'It can start, and its server does not run: "orch wait" and the next spawn start that',
}
