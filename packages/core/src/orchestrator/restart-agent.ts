import type { Backend, CreateResult } from '../backend.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { asGivenUp, currentOwner, ownerLiveness } from '../process-owner.ts'
import { newRunChange } from '../recovery/recover-resume.ts'
import { giveBack, takeOver } from '../registry/claims.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { createRequest } from '../spawn/make-agent.ts'
import { TIMING } from '../timing.ts'
import { readContext } from '../workspace/workspace.ts'
import { hasEnded, type Look, toRef } from './look.ts'
import { callBackend, type Orch } from './orch.ts'
import { appendUnlessChanged, updateRecord } from './update-record.ts'

/** Whether the agent's program has to be started again before it can be told anything. */
export function needsRestart(look: Look): boolean {
  return hasEnded(look) && look.agent.state !== 'unknown'
}

/**
 * Whether that can be done. It answers without acting.
 * @throws OrchError `UNSUPPORTED` for an agent whose conversation ended with its program; `BUSY`
 */
export function assertRestartable({ agent, stored, isCurrent }: Look): void {
  const { id, program, backend, resuming } = stored.record
  if (!agent.capabilities.includes('resume'))
    throw new OrchError('UNSUPPORTED', `Cannot resume "${id}": its conversation ended with ${nameOf(program)}`, {
      hint: `End it with "orch abandon ${id}", then spawn its task again`,
      agent: id,
      backend,
    })
  if (!isCurrent || (resuming && ownerLiveness(resuming.owner) !== 'gone')) throw busy(id)
}

function nameOf(program: string | null): string {
  return program === null ? 'its place' : `its program "${program}"`
}

/**
 * Starts the program of an agent again, which has ended, so that it goes on with its conversation. Whoever does it claims
 * that, and records it under the revision that was looked at: of any number of processes one does it, and what one did
 * that died is found by the next who looks.
 * @throws OrchError `BUSY`, the backend's own
 */
export async function restartAgent(
  orch: Orch,
  { stored }: Look,
  signal: AbortSignal | undefined,
): Promise<StoredRecord> {
  const { id } = stored.record
  const claim = `resume\0${id}`
  if (!takeOver(orch.claims, claim, null)) throw busy(id)
  try {
    // barrier: resume-claimed
    const set = { resuming: { owner: currentOwner(), at: new Date().toISOString() } }
    const before = await appendUnlessChanged(orch, stored, { type: 'resuming', set })
    if (before === null) throw busy(id)
    // barrier: resume-recorded
    const made = await resumeOrGiveUp(orch, before, signal)
    // barrier: resume-made
    const now = await updateRecord(orch, before, 'resumed', (record) => newRunChange(record, made.handle))
    // barrier: resume-placed
    return now
  } finally {
    giveBack(orch.claims, claim)
  }
}

/** What provably made nothing is over; anything else is found out by who looks next. */
async function resumeOrGiveUp(
  orch: Orch,
  before: StoredRecord,
  signal: AbortSignal | undefined,
): Promise<CreateResult> {
  const { record } = before
  try {
    return await callResume(orch, record, await orch.backend(record.backend), signal)
  } catch (error) {
    const isOver = isOrchError(error) && error.outcome === 'none' && error.code !== 'AGENT_EXISTS'
    await updateRecord(orch, before, isOver ? 'resume-failed' : 'resume-unknown', ({ resuming }) => {
      if (!resuming) return null
      return { resuming: isOver ? null : { ...resuming, owner: asGivenUp(resuming.owner) } }
    }).catch(() => {})
    throw error
  }
}

function callResume(
  orch: Orch,
  record: AgentRecord,
  backend: Backend,
  signal: AbortSignal | undefined,
): Promise<CreateResult> {
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.createTimeoutMs)
  const call = { backend: record.backend, agent: record.id, verb: 'resume', timeoutMs, signal, acts: true }
  const request = createRequest(record, readContext(record.workspace) ?? record.task)
  return callBackend(call, (inner) => {
    if (backend.resume === undefined)
      throw new OrchError('INTERNAL', `Backend "${backend.name}" has the capability "resume" and no resume()`)
    return backend.resume(toRef(record), request, inner)
  })
}

function busy(id: string): OrchError {
  return new OrchError('BUSY', `Cannot resume "${id}": another process is at it, or changed it meanwhile`, {
    hint: `See how it stands with "orch check ${id}"`,
    agent: id,
    retryable: true,
  })
}
