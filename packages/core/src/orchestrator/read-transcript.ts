import type { ReadQuery, ReadResult } from '../backend.ts'
import type { AgentRecord } from '../registry/record.ts'
import { toRef } from './look.ts'
import type { TailOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'

/** How many items are read when nobody says. */
export const DEFAULT_LAST = 20

/** How many items a page holds at most. */
export const LONGEST_PAGE = 100_000

/** The newest page of an agent's transcript, `last` items of it: 1 to 100,000, and what the newest `turns` used. @default last 20, turns 0 */
export async function readTranscript(
  orch: Orch,
  record: AgentRecord,
  options: Pick<TailOptions, 'last' | 'raw' | 'signal'> & Pick<ReadQuery, 'turns'>,
): Promise<ReadResult> {
  const { last = DEFAULT_LAST, turns = 0 } = options
  if (!Number.isInteger(last) || last < 1 || last > LONGEST_PAGE) throw new RangeError(`Not a number of items: ${last}`)
  const backend = await orch.backend(record.backend)
  const timeoutMs = orch.requestTimeoutMs
  const call = { backend: record.backend, agent: record.id, verb: 'read', timeoutMs, signal: options.signal }
  const query = { last, before: null, raw: options.raw === true, ...(turns > 0 ? { turns } : {}) }
  return await callBackend(call, (inner) => backend.read(toRef(record), query, inner))
}
