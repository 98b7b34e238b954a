import type { UsageCounts } from '@orch/core'
import { type CodexLine, isAsked } from './codex-line.ts'
import type { UsageEntry } from './usage-entry.ts'

/** Lines that say something of turns or of what was used; the others are not parsed. */
const TELLING = /"(task_started|task_complete|turn_aborted|token_usage_record)"|"role":"user"/

/** What a line of Codex's session file says of its turns and of what they used. Measured on 0.169.0. */
export function codexUsage(text: string): UsageEntry[] {
  if (!TELLING.test(text)) return []
  const line = JSON.parse(text) as CodexLine
  const { timestamp: at = null, type, payload = {} } = line
  if (isAsked(line)) return [{ type: 'asked', id: payload.id ?? '' }]
  if (type === 'token_usage_record') return spentIn(line)
  if (type !== 'event_msg' || at === null) return []
  if (payload.type === 'task_started')
    return [{ type: 'began', id: payload.turn_id ?? '', at, contextLimit: payload.model_context_window ?? null }]
  return payload.type === 'task_complete' || payload.type === 'turn_aborted' ? [{ type: 'ended', at }] : []
}

/** Here what is told of the cache is part of the input, and reasoning of the output. */
function spentIn({ timestamp, payload = {} }: CodexLine): UsageEntry[] {
  const { usage, response_id: response } = payload
  if (usage === undefined) return []
  const { input_tokens: input = 0, output_tokens: output = 0 } = usage
  const [read, written] = [usage.cached_input_tokens ?? 0, usage.cache_write_input_tokens ?? 0]
  const reasoning = usage.reasoning_output_tokens ?? 0
  const counts: UsageCounts = {
    inputTokens: Math.max(0, input - read - written),
    outputTokens: Math.max(0, output - reasoning),
    reasoningTokens: reasoning,
    cacheReadTokens: read,
    cacheWriteTokens: written,
    costUsd: null,
  }
  const id = `${payload.turn_id} ${response}`
  return [{ type: 'spent', id, at: timestamp ?? null, counts, contextTokens: input + output }]
}
