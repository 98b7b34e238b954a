import type { ReadResult } from '../backend.ts'
import type { AgentRecord } from '../registry/record.ts'
import { toRef } from './look.ts'
import type { TailOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'

/** How many items are read when nobody says. */
export const DEFAULT_LAST = 20

/** How many items a page holds at most. */
export const LONGEST_PAGE = 100_000

/** The newest page of an agent's transcript, `last` items of it: 1 to 100,000. @default last 20 */
export async function readTranscript(
  orch: Orch,
  record: AgentRecord,
  options: Pick<TailOptions, 'last' | 'raw' | 'signal'>,
): Promise<ReadResult> {
  const { last = DEFAULT_LAST } = options
  if (!Number.isInteger(last) || last < 1 || last > LONGEST_PAGE) throw new RangeError(`Not a number of items: ${last}`)
  const backend = await orch.backend(record.backend)
  const timeoutMs = orch.requestTimeoutMs
  const call = { backend: record.backend, agent: record.id, verb: 'read', timeoutMs, signal: options.signal }
  const query = { last, before: null, raw: options.raw === true }
  return await callBackend(call, (inner) => backend.read(toRef(record), query, inner))
}
