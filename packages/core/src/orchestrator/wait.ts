import type { State } from '../agent.ts'
import type { EventsQuery } from '../backend.ts'
import type { WaitDocument, WaitOutcome } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { isDeliverable, nextQueued } from '../messages/deliver-queued.ts'
import { withStanding } from '../queue/drive-queue.ts'
import { createQueueWatch, type QueueWatch } from '../queue/queue-watch.ts'
import { DEPENDENCY_FAILED } from '../queue/queued.ts'
import type { StoredRecord } from '../registry/record.ts'
import { DeadlineError, monotonicMs, TIMING, withDeadline } from '../timing.ts'
import { actOnLook } from './act-on-look.ts'
import { follow } from './follow.ts'
import { type Look, lookAt, withoutLook } from './look.ts'
import { createNotifier, type Notifier } from './notify.ts'
import type { WaitOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { assertSound, reread } from './update-record.ts'
import { documentFor } from './warnings.ts'

interface Goal {
  readonly until: readonly State[]
  readonly phase: string | null
  readonly mode: WaitDocument['mode']
  /** How many are enough; `null`: all. */
  readonly first: number | null
}

const QUERY: EventsQuery = { content: false, raw: false }

/** Outcomes that end a wait, the one that is reported first. */
const ENDINGS = ['failed', 'lost', 'exited', 'waiting', 'idle', 'closed'] as const

/** States that only an agent which shows its turns can be in. */
const OF_TURNS: readonly State[] = ['idle', 'working']

/**
 * Waits until all agents (or any, or so many) are in a wanted state or phase. Subscribes first, then looks; delivers messages that
 * wait for an idle agent, which is then not idle yet, and starts who is queued as soon as it may. Ends early when an
 * agent cannot get there by itself: it failed, is lost, has exited, waits on somebody, is idle, or was closed.
 * @throws OrchError `UNSUPPORTED` when an agent never shows what is waited for; `AGENT_NOT_FOUND`, `RECORD_CORRUPT`
 */
export async function wait(orch: Orch, ids: readonly string[], options: WaitOptions = {}): Promise<WaitDocument> {
  const goal = goalOf(ids, options)
  const started = monotonicMs()
  const last: { looks: readonly Look[] } = { looks: [] }
  const notifier = createNotifier(orch, options.notify ?? orch.config.notify, options.signal)
  const outcome = await withDeadline(options.timeoutMs ?? TIMING.waitTimeoutMs, options.signal, (signal) =>
    watchUntil(orch, ids, goal, { signal, last, notifier, onLook: options.onLook }),
  )
    .catch((error: unknown): WaitOutcome => {
      if (error instanceof DeadlineError) return 'timeout'
      throw error
    })
    .finally(() => notifier.end())
  const looks = last.looks.length > 0 ? last.looks : await Promise.all(ids.map((id) => notSeenInTime(orch, id)))
  const document = documentFor(looks.map(({ stored }) => stored))
  return {
    ...document,
    warnings: [...document.warnings, ...notifier.takeWarnings()],
    outcome,
    ...goal,
    waitedMs: Math.round(monotonicMs() - started),
    agents: looks.map((one) => ({ met: endingOf(one, goal) === 'met', agent: one.agent })),
  }
}

/** What a watch tells while it goes on: the newest looks, and whoever hears of changes. */
interface Watching {
  readonly signal: AbortSignal
  readonly last: { looks: readonly Look[] }
  readonly notifier: Notifier
  readonly onLook: WaitOptions['onLook']
}

function goalOf(ids: readonly string[], options: WaitOptions): Goal {
  const { until = ['done'], mode = 'all', first } = options
  const phase = options.phase ?? null
  if (phase?.trim() === '') {
    throw new OrchError('USAGE', 'Cannot wait for a phase: its name is empty', { hint: 'Name a phase with --phase' })
  }
  if (first === undefined) return { until, phase, mode, first: mode === 'any' ? 1 : null }
  if (mode === 'any' && Number.isInteger(first) && first >= 1 && first <= ids.length)
    return { until, phase, mode, first }
  throw new OrchError('USAGE', `Cannot wait for the first ${first} of ${ids.length} agents: there are not so many`, {
    hint: `Give a number from 1 to ${ids.length}`,
  })
}

async function watchUntil(
  orch: Orch,
  ids: readonly string[],
  goal: Goal,
  { signal, last, notifier, onLook }: Watching,
): Promise<WaitOutcome> {
  let records: readonly StoredRecord[] = await Promise.all(ids.map(async (id) => assertSound(await reread(orch, id))))
  let following = follow(orch, records, QUERY, signal)
  const queues = createQueueWatch(orch, records)
  let endingSince: number | null = null
  try {
    await following.ready()
    for (;;) {
      const { looks, now } = await look(orch, ids, { queues, signal })
      last.looks = looks
      const agents = looks.map(({ agent }) => agent)
      notifier.see(agents)
      onLook?.(agents)
      assertShown(last.looks, goal)
      endingSince = last.looks.some(isBeingEnded) ? (endingSince ?? monotonicMs()) : null
      const beingEnded = endingSince !== null && monotonicMs() - endingSince < TIMING.stopTimeoutMs
      const outcome = outcomeOf(last.looks, goal, beingEnded)
      if (outcome !== null) {
        await queues.driveOnce(last.looks, signal)
        return outcome
      }
      if (placedOf(now) === placedOf(records)) {
        await following.next()
      } else {
        following.stop()
        records = now
        following = follow(orch, records, QUERY, signal)
        await following.ready()
      }
    }
  } finally {
    following.stop()
  }
}

/** Who can be followed: a spawn that comes to an end adds one, and so does who gets what a queue waits for. */
function placedOf(records: readonly StoredRecord[]): string {
  return records.map(({ record }) => `${record.id} ${record.handle !== null}`).join()
}

async function notSeenInTime(orch: Orch, id: string): Promise<Look> {
  return withoutLook(await reread(orch, id), { code: 'TIMEOUT', text: 'It could not be looked at before time ran out' })
}

/** Looks at the agents, and at those that their queues wait for; drives the queues on. */
async function look(
  orch: Orch,
  ids: readonly string[],
  { queues, signal }: { readonly queues: QueueWatch; readonly signal: AbortSignal },
): Promise<{ readonly looks: readonly Look[]; readonly now: readonly StoredRecord[] }> {
  const own = await Promise.all(ids.map((id) => reread(orch, id)))
  const beside = (await queues.awaited()).filter(({ record }) => !ids.includes(record.id))
  const first = await lookAt(orch, [...own, ...beside], { signal })
  const acted = await actOnLook(orch, first, signal)
  const driven = await queues.drive(first.looks, signal)
  const now = await Promise.all(
    acted.map((stored) => (driven.changed.has(stored.record.id) ? reread(orch, stored.record.id) : stored)),
  )
  const isSame = now.every((stored, index) => stored === first.looks[index]?.stored)
  const { looks } = isSame ? first : await lookAt(orch, now, { signal })
  return { looks: looks.slice(0, ids.length).map((one) => withStanding(one, driven)), now }
}

/** Nothing is guessed: an agent that does not show its turns is never waited for to be idle. */
function assertShown(looks: readonly Look[], goal: Goal): void {
  if (goal.phase !== null || !goal.until.every((state) => OF_TURNS.includes(state))) return
  const blind = looks.find(({ agent }) => agent.state === 'running')
  if (blind === undefined) return
  const { id, backend } = blind.agent
  throw new OrchError(
    'UNSUPPORTED',
    `Cannot wait for "${id}" to be ${goal.until.join(' or ')}: it does not show its turns`,
    {
      hint: 'Wait for "done", or for a phase with --phase',
      agent: id,
      backend,
    },
  )
}

/** How it stands while somebody ends it says nothing: the record is about to be closed, unless that process died. */
function isBeingEnded({ stored }: Look): boolean {
  return stored.record.ending !== undefined && !stored.closed
}

function outcomeOf(looks: readonly Look[], goal: Goal, beingEnded: boolean): WaitOutcome | null {
  const endings = looks.map((one) => {
    const ending = endingOf(one, goal)
    return ending !== 'met' && beingEnded && isBeingEnded(one) ? null : ending
  })
  const enough = goal.first ?? looks.length
  if (endings.filter((ending) => ending === 'met').length >= enough) return 'met'
  const worst = ENDINGS.find((ending) => endings.includes(ending)) ?? null
  if (goal.mode === 'each') return endings.includes(null) ? null : worst
  const possible = endings.filter((ending) => ending === 'met' || ending === null).length
  return possible < enough ? worst : null
}

/** How waiting for one agent would end now; `null` while it may still get there. */
function endingOf(look: Look, goal: Goal): WaitOutcome | null {
  const { agent } = look
  if (goal.phase === null && goesOn(look)) return null
  if (isMet(agent.state, agent.phase?.name, goal)) return 'met'
  if (agent.lifecycle === 'completed' || agent.lifecycle === 'abandoned') return 'closed'
  if (agent.state === 'queued') return agent.reason.code === DEPENDENCY_FAILED ? 'failed' : null
  if (agent.state === 'done') return goal.until.includes('idle') && goal.phase === null ? 'met' : 'closed'
  return ENDINGS.find((ending) => ending === agent.state) ?? null
}

/** A message waits for it to be idle, and whoever looks delivers that: it does not rest. */
function goesOn(look: Look): boolean {
  return isDeliverable(look) && nextQueued(look.stored) !== undefined
}

function isMet(state: State, phase: string | undefined, goal: Goal): boolean {
  if (goal.phase === null) return goal.until.includes(state)
  return phase?.toLowerCase() === goal.phase.toLowerCase()
}
