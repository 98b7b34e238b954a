import type { ReadResult } from '../backend.ts'
import type { AgentRecord } from '../registry/record.ts'
import { toRef } from './look.ts'
import type { TailOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'

/** The newest page of an agent's transcript, `last` items of it. @default last 20 */
export async function readTranscript(
  orch: Orch,
  record: AgentRecord,
  options: Pick<TailOptions, 'last' | 'raw' | 'signal'>,
): Promise<ReadResult> {
  const backend = await orch.backend(record.backend)
  const timeoutMs = orch.requestTimeoutMs
  const call = { backend: record.backend, agent: record.id, verb: 'read', timeoutMs, signal: options.signal }
  const query = { last: options.last ?? 20, before: null, raw: options.raw === true }
  return await callBackend(call, (inner) => backend.read(toRef(record), query, inner))
}
