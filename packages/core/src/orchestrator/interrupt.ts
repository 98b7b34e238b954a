import type { Reason } from '../agent.ts'
import type { InterruptResult } from '../backend.ts'
import type { InterruptDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { sanitize } from '../sanitize.ts'
import { lookAtOne, toRef } from './look.ts'
import type { CallOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'
import { assertSound, reread } from './update-record.ts'
import { configWarnings, documentFor } from './warnings.ts'

/**
 * Ends the agent's turn and keeps the agent.
 * @throws OrchError `UNSUPPORTED`, `AGENT_NOT_FOUND`, the backend's own
 */
export async function interrupt(orch: Orch, id: string, options: CallOptions = {}): Promise<InterruptDocument> {
  const stored = assertSound(await reread(orch, id))
  const backend = await orch.backend(stored.record.backend)
  const ref = toRef(stored.record)
  const act = backend.interrupt?.bind(backend)
  if (act === undefined || !backend.capabilitiesOf(ref).includes('interrupt')) {
    throw new OrchError('UNSUPPORTED', `Cannot interrupt "${id}": its backend cannot end a turn of this program`, {
      hint: `End the agent with "orch abandon ${id}"`,
      agent: id,
      backend: backend.name,
    })
  }
  const { signal } = options
  const timeoutMs = orch.requestTimeoutMs
  const call = { backend: backend.name, agent: id, verb: 'interrupt', timeoutMs, signal, acts: true }
  const nothing = stored.closed || stored.record.handle === null
  const { dropped = [], ...result }: InterruptResult = nothing
    ? { interrupted: false, evidence: [] }
    : await callBackend(call, (inner) => act(ref, inner))
  const look = await lookAtOne(orch, await reread(orch, id), signal)
  const { apiVersion, warnings } = documentFor([look.stored])
  const all = [...configWarnings(orch), ...warnings, ...dropped.map(unanswered)]
  return { apiVersion, warnings: all, agent: look.agent, ...result }
}

function unanswered(text: string): Reason {
  const line = sanitize(text).replace(/\s+/g, ' ').trim()
  const short = line.length > 80 ? `${line.slice(0, 79)}…` : line
  return {
    code: 'MESSAGE_DROPPED',
    text: `The message "${short}" waited behind that turn, and is not answered: send it again`,
  }
}
