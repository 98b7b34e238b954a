import type { Agent, FinalAnswer } from '../agent.ts'
import type { Backend } from '../backend.ts'
import type { TurnEnd, WaitDocument } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { AgentRecord } from '../registry/record.ts'
import { sanitize } from '../sanitize.ts'
import { toRef } from './look.ts'
import type { CallOptions, TurnOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'
import { reread } from './update-record.ts'
import { wait } from './wait.ts'

/** How a wait for the end of a turn came out. */
export interface AwaitedTurn {
  readonly end: TurnEnd
  /** As it was last seen; `null` when nobody waited. */
  readonly agent: Agent | null
}

/** Nobody waited for the end of the turn. */
export const NOT_AWAITED: AwaitedTurn = { end: { outcome: null, answer: null }, agent: null }

/**
 * Refuses, before anything is sent, to wait for an answer that will never be shown.
 * @param record `undefined`: an agent that is yet to be made
 * @throws OrchError `UNSUPPORTED`
 */
export function assertAnswers(backend: Backend, record?: AgentRecord): void {
  const can = backend.capabilitiesOf(record === undefined || record.handle === null ? null : toRef(record))
  if (backend.finalAnswer !== undefined && can.includes('turns') && can.includes('answers')) return
  const object = record === undefined ? 'a new agent' : `"${record.id}"`
  throw new OrchError('UNSUPPORTED', `Cannot wait for the answer of ${object}: it does not show its turns`, {
    hint: `Leave out --wait, then look with "orch tail ${record?.id ?? '@last'}"`,
    ...(record !== undefined && { agent: record.id }),
    backend: backend.name,
  })
}

/**
 * Waits for the end of the turn that a message started, and brings what was said at its end. The answer counts by its
 * message: neither the turn before nor one that somebody else starts meanwhile is taken for it.
 * @param messageId `null`: it is not known which message it was, so no answer is its own
 */
export async function awaitTurn(
  orch: Orch,
  id: string,
  messageId: string | null,
  { timeoutMs, signal }: CallOptions & TurnOptions,
): Promise<AwaitedTurn> {
  const { outcome, agents } = await wait(orch, [id], { until: ['idle'], timeoutMs, signal })
  const [{ agent }] = agents as [WaitDocument['agents'][number]]
  const answer = messageId === null ? null : await readAnswer(orch, id, messageId, signal)
  if (answer !== null) return { end: { outcome: 'met', answer }, agent }
  return { end: { outcome: outcome === 'met' ? 'idle' : outcome, answer: null }, agent }
}

/** `null` also when it cannot be asked for now: how the wait ended tells more than that. */
async function readAnswer(
  orch: Orch,
  id: string,
  messageId: string,
  signal: AbortSignal | undefined,
): Promise<FinalAnswer | null> {
  const { record } = await reread(orch, id)
  const backend = await orch.backend(record.backend)
  const call = { backend: backend.name, agent: id, verb: 'read', timeoutMs: orch.requestTimeoutMs, signal }
  try {
    const answer = await callBackend(call, async (inner) => backend.finalAnswer?.(toRef(record), messageId, inner))
    return answer ? { ...answer, text: sanitize(answer.text) } : null
  } catch (error) {
    if (signal?.aborted || !isOrchError(error)) throw error
    return null
  }
}
