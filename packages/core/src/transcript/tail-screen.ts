import type { ReadQuery } from '../backend.ts'
import type { TailLine } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { toRef } from '../orchestrator/look.ts'
import type { TailOptions } from '../orchestrator/options.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import type { AgentRecord } from '../registry/record.ts'
import { sanitize, sanitizeExceptColors } from '../sanitize.ts'
import { assertLength, LONGEST_PAGE } from './read-transcript.ts'

/** What a person would see in an agent's window now, row by row; nothing comes after it, so no row has a cursor. */
export async function* tailScreen(orch: Orch, record: AgentRecord, options: TailOptions): AsyncIterable<TailLine> {
  const { id, backend: name } = record
  const { last = LONGEST_PAGE, raw = false, colors = false, signal } = options
  assertLength(last)
  if (options.follow || options.since !== undefined) throw isNoStream(id)
  const clean = colors ? sanitizeExceptColors : sanitize
  const backend = await orch.backend(name)
  if (!backend.capabilitiesOf(toRef(record)).includes('screen')) throw hasNone(id, name)
  const query: ReadQuery = { last, before: null, raw: raw || colors, screen: true }
  const call = { backend: name, agent: id, verb: 'read', timeoutMs: orch.requestTimeoutMs, signal }
  const { items, gap } = await callBackend(call, (inner) => backend.read(toRef(record), query, inner))
  if (gap !== null) yield { apiVersion: 1, type: 'gap', agent: id, reason: gap }
  for (const item of items) {
    const text = raw || item.text === null ? item.text : clean(item.text)
    yield { apiVersion: 1, type: 'item', agent: id, cursor: null, item: { ...item, text } }
  }
}

function isNoStream(agent: string): OrchError {
  return new OrchError('UNSUPPORTED', `Cannot follow the screen of "${agent}": it is shown as it is now`, {
    hint: `Watch it with "orch attach --read-only ${agent}"`,
    agent,
  })
}

function hasNone(agent: string, backend: string): OrchError {
  return new OrchError('UNSUPPORTED', `Cannot show the screen of "${agent}": it has no window of its own`, {
    hint: `Read what it says with "orch tail ${agent}"`,
    agent,
    backend,
  })
}
