import type { UsageCounts } from '@orch/core'
import { type ClaudeLine, type ClaudeTokens, isAsked, isInterruption } from './claude-line.ts'
import { tokensOf, type UsageEntry } from './usage-entry.ts'

/** Lines that say something of turns or of what was used; the others are not parsed. */
const TELLING = /"type":"(user|assistant|cost-state)"|"subtype":"turn_duration"/

/** What a line of Claude Code's transcript says of its turns and of what they used. */
export function claudeUsage(text: string): UsageEntry[] {
  if (!TELLING.test(text)) return []
  const line = JSON.parse(text) as ClaudeLine
  const { type, uuid = '', timestamp = null } = line
  if (type === 'assistant') return spentIn(line)
  if (type === 'cost-state') return costIn(line)
  if (timestamp === null) return []
  if (line.subtype === 'turn_duration' || isInterruption(line)) return [{ type: 'ended', at: timestamp }]
  return isAsked(line) ? [{ type: 'began', id: `${uuid}.0`, at: timestamp, contextLimit: null }] : []
}

/** One message of the model stands in several lines, each with all that its request used. */
function spentIn({ message, requestId, uuid = '', timestamp, isSidechain }: ClaudeLine): UsageEntry[] {
  const { id = requestId ?? uuid, usage } = message ?? {}
  if (usage === undefined) return []
  const counts = countsOf(usage)
  const tokens = tokensOf(counts)
  const contextTokens = isSidechain === true || tokens === 0 ? null : tokens
  return [{ type: 'spent', id, at: timestamp ?? null, counts, contextTokens }]
}

/** What of the output was reasoning is told apart, or not known: then it stands in the output. */
function countsOf(usage: ClaudeTokens): UsageCounts {
  const { input_tokens: input = 0, output_tokens: output = 0, output_tokens_details: details } = usage
  const reasoning = details?.thinking_tokens ?? null
  return {
    inputTokens: input,
    outputTokens: Math.max(0, output - (reasoning ?? 0)),
    reasoningTokens: reasoning,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    costUsd: null,
  }
}

/** Written when a conversation is left. A model whose price the program does not know makes it a guess. */
function costIn({ totalCostUSD, hasUnknownModelCost, modelUsage = {} }: ClaudeLine): UsageEntry[] {
  if (totalCostUSD === undefined) return []
  const tokens = Object.values(modelUsage).reduce((sum, model) => sum + tokensOfModel(model), 0)
  return [{ type: 'cost', costUsd: hasUnknownModelCost === false ? totalCostUSD : null, tokens }]
}

function tokensOfModel(model: Readonly<Record<string, number>>): number {
  const names = ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens']
  return names.reduce((sum, name) => sum + (model[name] ?? 0), 0)
}
