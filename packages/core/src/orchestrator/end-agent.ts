import type { StopProof, Usage } from '../agent.ts'
import type { Found } from '../backend.ts'
import type { ErrorInfo } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { ownerLiveness } from '../process-owner.ts'
import { settleResume } from '../recovery/settle-resume.ts'
import { LOOK_AGAIN_MS, turnsUpWithinMs } from '../recovery/turn-up.ts'
import type { AgentRecord, RecordChange, StoredRecord } from '../registry/record.ts'
import { recheck, TIMING } from '../timing.ts'
import { assertNotDelivered } from './being-ended.ts'
import { toRef } from './look.ts'
import { callBackend, type Orch } from './orch.ts'
import { appendUnlessChanged, resumedMeanwhile, updateRecord } from './update-record.ts'

/**
 * Ends an agent and everything attributable to it, and says how that is known. Records first that its end is orch's
 * doing. One that was never recorded to be made is looked for first, as long as it may turn up: not there is proof too.
 * @throws OrchError `BUSY` while another process spawns or resumes it, or hands over its work
 */
export async function endAgent(
  orch: Orch,
  stored: StoredRecord,
  ending: Ending,
  signal: AbortSignal | undefined,
): Promise<Ended> {
  assertNotSpawning(stored.record)
  const settled = await settleResume(orch, stored, signal)
  const marked = await updateRecord(orch, settled, 'ending', (now) => {
    if (now.resuming) throw resumedMeanwhile(now.id)
    assertNotSpawning(now)
    assertNotDelivered(now, stored.record)
    return endingOf(now, ending)
  })
  return { stopped: marked, stop: await stopAgent(orch, marked.record, signal) }
}

/**
 * The same for an agent whose work was verified as `stored` has it: `null`, and nothing done, when its record changed
 * since, as it does with every message that is sent. From then on no message is sent to it unasked.
 */
export async function endVerifiedAgent(
  orch: Orch,
  stored: StoredRecord,
  ending: Ending,
  signal: AbortSignal | undefined,
): Promise<Ended | null> {
  assertNotSpawning(stored.record)
  if ((await settleResume(orch, stored, signal)) !== stored) return null
  const set = endingOf(stored.record, ending)
  const marked = set === null ? stored : await appendUnlessChanged(orch, stored, { type: 'ending', set })
  return marked === null ? null : { stopped: marked, stop: await stopAgent(orch, marked.record, signal) }
}

/** An agent that was ended. */
interface Ended {
  /** Its record when it was. */
  readonly stopped: StoredRecord
  readonly stop: StopProof
}

/** How an agent is ended. */
interface Ending {
  readonly as: NonNullable<AgentRecord['ending']>
  /** What it has used, kept for good: nobody can look it up once it has ended. `null`: not known. */
  readonly usage: Usage | null
  /** Why, in the words of whoever ends it; what was said first stays. */
  readonly reason?: string | undefined
}

function endingOf(now: AgentRecord, { as, usage, reason }: Ending): RecordChange | null {
  const isNewEnding = now.ending !== as && now.exit === null
  const isNewUsage = usage !== null && JSON.stringify(usage) !== JSON.stringify(now.usage)
  const isNewReason = reason !== undefined && now.endReason === undefined
  if (!isNewEnding && !isNewUsage && !isNewReason) return null
  return {
    ...(isNewEnding ? { ending: as } : {}),
    ...(isNewUsage ? { usage } : {}),
    ...(isNewReason ? { endReason: reason } : {}),
  }
}

async function stopAgent(orch: Orch, record: AgentRecord, signal: AbortSignal | undefined): Promise<StopProof> {
  // barrier: ending-recorded
  if (wasNeverStarted(record)) {
    const at = new Date().toISOString()
    return { proven: true, evidence: [{ source: 'record', detail: 'it was queued and never started', at }] }
  }
  const backend = await orch.backend(record.backend)
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.stopTimeoutMs)
  const call = { backend: record.backend, agent: record.id, timeoutMs, signal, acts: true }
  let ref = toRef(record)
  if (record.handle === null) {
    const look = async (): Promise<Found | undefined> => {
      const found = await callBackend({ ...call, verb: 'find' }, (inner) => backend.find([record.target], inner))
      return found.find(({ id }) => id === record.id)
    }
    const there = await recheck(look, { timeoutMs: turnsUpWithinMs(record), everyMs: LOOK_AGAIN_MS, signal })
    if (there === undefined) {
      const at = new Date().toISOString()
      return { proven: true, evidence: [{ source: 'record', detail: 'looked for it: nothing carries its id', at }] }
    }
    ref = { ...ref, handle: there.handle }
  }
  return await callBackend({ ...call, verb: 'stop' }, (inner) => backend.stop(ref, inner))
}

/** From its end being recorded on nobody starts it any more. */
function wasNeverStarted({ lifecycle, start, handle }: AgentRecord): boolean {
  const isUnmade = lifecycle === 'queued' || (lifecycle === 'failed' && handle === null)
  return isUnmade && start !== undefined && start.triedAt === null
}

/** What a living process is making now would be there after nothing was found. */
function assertNotSpawning({ id, lifecycle, owner }: AgentRecord): void {
  if (lifecycle !== 'spawning' || owner === null || ownerLiveness(owner) !== 'alive') return
  throw new OrchError('BUSY', `Cannot end "${id}": another process is spawning it`, {
    hint: 'Run the same command again once that has ended',
    agent: id,
    retryable: true,
  })
}

/** Runs `work` for each id side by side; an `OrchError` becomes part of that id's result. */
export async function forEachAgent<T>(
  ids: readonly string[],
  work: (id: string) => Promise<T>,
  failed: (id: string, error: ErrorInfo) => T,
): Promise<T[]> {
  return await Promise.all(
    [...new Set(ids)].map(async (id) => {
      try {
        return await work(id)
      } catch (error) {
        if (!isOrchError(error)) throw error
        return failed(id, toErrorInfo(error))
      }
    }),
  )
}

/** An error as it stands in a document. */
export function toErrorInfo(error: OrchError): ErrorInfo {
  const { code, message, hint, agent, backend, outcome, retryable } = error
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(agent === undefined ? {} : { agent }),
    ...(backend === undefined ? {} : { backend }),
    outcome,
    retryable,
  }
}
