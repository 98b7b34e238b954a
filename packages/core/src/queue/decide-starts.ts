import type { Agent, Dependency, Reason } from '../agent.ts'
import type { AgentRecord } from '../registry/record.ts'
import { TIMING } from '../timing.ts'

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
  /** Whether an agent provably needs its place no longer. */
  isFree(id: string): boolean
  /** Who spawned an agent, who spawned that one, and so on. */
  ancestors(record: AgentRecord): ReadonlySet<string>
  /** Whether its backend has no server now, and this process is not to start one. */
  isDown(backend: string): boolean
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

/** What a dependency comes to: met (`null`), or why not, and whether that may still change. */
interface Obstacle {
  readonly reason: Reason
  readonly isFinal: boolean
}

/** The code of a reason why one that is queued cannot be started unless somebody does something about another agent. */
export const DEPENDENCY_FAILED = 'DEPENDENCY_FAILED'

/**
 * Who is started now. First come first, but one whose dependencies are not met, or that must wait for another reason,
 * holds up nobody. Who has a place keeps it until it is free, also when its start was cut off. An agent counts as no
 * taken place for those that it spawned itself: it lends them its own. Pure.
 */
export function decideStarts(scene: QueueScene): StartDecision {
  let holders = scene.holders.filter((id) => !scene.isFree(id))
  const starts: string[] = []
  const standings = new Map<string, Standing>()
  const doomed = new Map<string, Reason>()
  for (const [index, record] of scene.queue.entries()) {
    const { id, backend, start } = record
    const stand = (reason: Reason): unknown => standings.set(id, { position: index + 1, reason })
    const hasPlace = holders.includes(id)
    const limit = start?.maxParallel ?? null
    const obstacle = hasPlace ? null : obstacleOf(record, scene, standings)
    const lent = scene.ancestors(record)
    const taken = holders.filter((holder) => holder !== id && !lent.has(holder))
    if (obstacle !== null) {
      stand(obstacle.reason)
      if (obstacle.isFinal) doomed.set(id, obstacle.reason)
    } else if (wasTriedLately(record, scene.now)) {
      stand(record.failure ?? TRIED_BEFORE)
    } else if (limit !== null && !hasPlace && taken.length >= limit) {
      stand(allTaken(limit, taken, index + 1))
    } else if (scene.isDown(backend)) {
      stand(SERVER_DOWN)
    } else {
      stand(STARTS_NOW)
      starts.push(id)
      if (limit !== null && !hasPlace) holders = [...holders, id]
    }
  }
  return { starts, holders, standings, doomed }
}

function obstacleOf(
  { start }: AgentRecord,
  { agents, closed }: QueueScene,
  standings: ReadonlyMap<string, Standing>,
): Obstacle | null {
  const obstacles = (start?.after ?? []).map((dependency) => {
    const agent = agents.get(dependency.agent)
    if (agent === undefined) return later(dependency, 'it could not be looked at')
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

/** What the process that began to start it asked for may still turn up. */
function wasTriedLately({ start }: AgentRecord, now: number): boolean {
  const at = start?.triedAt ?? null
  return at !== null && Math.abs(now - Date.parse(at)) < TIMING.inFlightMs
}

function allTaken(limit: number, taken: readonly string[], position: number): Reason {
  const whose = taken.slice(0, 3).map((id) => `"${id}"`)
  const more = taken.length > whose.length ? ` and ${taken.length - whose.length} more` : ''
  const what = limit === 1 ? 'The one place is' : `All ${limit} places are`
  return {
    code: 'PLACES_TAKEN',
    text: `${what} taken, by ${whose.join(', ')}${more}; it is number ${position} in the queue`,
  }
}

const STARTS_NOW: Reason = { code: 'STARTS_NOW', text: 'It is being started' }
const TRIED_BEFORE: Reason = {
  code: 'TRIED_BEFORE',
  text: 'The process that began to start it died; it is started again once nothing of that can turn up any more',
}
const SERVER_DOWN: Reason = {
  code: 'SERVER_DOWN',
  text: 'It can start, and its server does not run: "orch wait" and the next spawn start that',
}
