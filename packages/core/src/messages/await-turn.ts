import type { Agent, Capability, FinalAnswer } from '../agent.ts'
import type { Backend, PlannedAgent } from '../backend.ts'
import type { TurnEnd, WaitDocument, WaitOutcome } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { toRef } from '../orchestrator/look.ts'
import type { CallOptions, SpawnEachOptions, TurnOptions } from '../orchestrator/options.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { reread } from '../orchestrator/update-record.ts'
import { wait } from '../orchestrator/wait.ts'
import { DEPENDENCY_FAILED } from '../queue/queued.ts'
import type { AgentRecord } from '../registry/record.ts'
import { sanitize } from '../sanitize.ts'

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
 * @throws OrchError `UNSUPPORTED`
 */
export function assertAnswers(backend: Backend, record: AgentRecord): void {
  const can = backend.capabilitiesOf(record.handle === null ? null : toRef(record))
  if (!answers(backend, can)) throw unsupported(backend, can, record.id)
}

/**
 * The same for the answer to its task of an agent that is yet to be made: nothing was made.
 * @throws OrchError `UNSUPPORTED`; as the backend's `create` would, `PROGRAM_MISSING` …
 */
export async function assertWillAnswer(
  orch: Orch,
  backend: Backend,
  plan: PlannedAgent,
  signal: AbortSignal | undefined,
): Promise<void> {
  const call = { backend: backend.name, verb: 'plan an agent on', timeoutMs: orch.requestTimeoutMs, signal }
  const own = await callBackend(call, async (inner) => backend.capabilitiesFor?.(plan, inner))
  const can = own ?? backend.capabilitiesOf(null)
  if (!answers(backend, can)) throw unsupported(backend, can, null)
}

function answers(backend: Backend, can: readonly Capability[]): boolean {
  return backend.finalAnswer !== undefined && can.includes('turns') && can.includes('answers')
}

function unsupported(backend: Backend, can: readonly Capability[], id: string | null): OrchError {
  const object = id === null ? 'a new agent' : `"${id}"`
  const state = can.includes('turns') ? 'it would not tell its answer' : 'it does not show its turns'
  return new OrchError('UNSUPPORTED', `Cannot wait for the answer of ${object}: ${state}`, {
    hint: `Leave out --wait, then look with "orch tail ${id ?? '@last'}"`,
    ...(id !== null && { agent: id }),
    backend: backend.name,
  })
}

/**
 * Waits for the end of the turn that a message started, and brings what was said at its end. The answer counts by its
 * message: neither the turn before nor one that somebody else starts meanwhile is taken for it.
 * @param messageId `null`: its task, of which no message was named
 * @throws OrchError as `wait` does; what was made or sent before is there
 */
export async function awaitTurn(
  orch: Orch,
  id: string,
  messageId: string | null,
  { timeoutMs, signal }: CallOptions & TurnOptions,
): Promise<AwaitedTurn> {
  const waited = await wait(orch, [id], { until: ['idle'], timeoutMs, signal }).catch(afterTheAct)
  const { outcome, agents } = waited
  const [{ agent }] = agents as [WaitDocument['agents'][number]]
  const answer = await readAnswer(orch, id, messageId, signal)
  if (answer !== null) return { end: { outcome: 'met', answer }, agent }
  return { end: { outcome: outcome === 'met' ? 'idle' : outcome, answer: null }, agent }
}

/**
 * The same for the tasks of several agents at once: one wait until each of them has answered, or cannot any more.
 * @returns how each of them ended, as `ids` has them
 */
export async function awaitTurns(
  orch: Orch,
  ids: readonly string[],
  { timeoutMs, signal, onLook }: SpawnEachOptions,
): Promise<readonly TurnEnd[]> {
  const { agents } = await wait(orch, ids, { until: ['idle'], mode: 'each', timeoutMs, signal, onLook }).catch(
    afterTheAct,
  )
  return await Promise.all(
    agents.map(async ({ met, agent }): Promise<TurnEnd> => {
      const answer = await readAnswer(orch, agent.id, null, signal)
      if (answer !== null) return { outcome: 'met', answer }
      return { outcome: met ? 'idle' : howItEnded(agent), answer: null }
    }),
  )
}

function howItEnded({ state, lifecycle, reason }: Agent): WaitOutcome {
  if (lifecycle === 'completed' || lifecycle === 'abandoned') return 'closed'
  if (state === 'failed' || state === 'lost' || state === 'exited' || state === 'waiting') return state
  return state === 'queued' && reason.code === DEPENDENCY_FAILED ? 'failed' : 'timeout'
}

/** Nobody must do again what was done because it could not be waited for. */
function afterTheAct(error: unknown): never {
  if (!isOrchError(error) || error.outcome !== 'none') throw error
  const { code, message, hint, agent, backend } = error
  throw new OrchError(code, message, { hint, agent, backend, outcome: 'partial', cause: error })
}

/** `null` also when it cannot be asked for now: how the wait ended tells more than that. */
async function readAnswer(
  orch: Orch,
  id: string,
  messageId: string | null,
  signal: AbortSignal | undefined,
): Promise<FinalAnswer | null> {
  const { record } = await reread(orch, id)
  const backend = await orch.backend(record.backend)
  const call = { backend: backend.name, agent: id, verb: 'read', timeoutMs: orch.requestTimeoutMs, signal }
  try {
    const answer = await callBackend(call, async (inner) =>
      backend.finalAnswer?.(toRef(record), messageId ?? record.prompt?.messageId ?? null, inner),
    )
    return answer ? { ...answer, text: sanitize(answer.text) } : null
  } catch (error) {
    if (signal?.aborted || !isOrchError(error)) throw error
    return null
  }
}
