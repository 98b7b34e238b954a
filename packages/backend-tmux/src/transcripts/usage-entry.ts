import type { UsageCounts } from '@orch/core'

/** What one line of a program's transcript says of its turns and of what they used. */
export type UsageEntry =
  /** @param id names the turn, and the message that began it until an `asked` does */
  | { readonly type: 'began'; readonly id: string; readonly at: string; readonly contextLimit: number | null }
  /** The message that began the turn. */
  | { readonly type: 'asked'; readonly id: string }
  | {
      readonly type: 'spent'
      /** Of the request: a line that names it again replaces what an earlier one said. */
      readonly id: string
      readonly at: string | null
      readonly counts: UsageCounts
      /** How much of the context the request took; `null` for one that was not answered. */
      readonly contextTokens: number | null
    }
  | { readonly type: 'ended'; readonly at: string }
  /** What the whole conversation, its subagents included, cost so far; @param tokens that this covers */
  | { readonly type: 'cost'; readonly costUsd: number | null; readonly tokens: number }

/** All tokens of it, each counted once. */
export function tokensOf(counts: UsageCounts): number {
  const { inputTokens, outputTokens, reasoningTokens, cacheReadTokens, cacheWriteTokens } = counts
  const all = [inputTokens, outputTokens, reasoningTokens, cacheReadTokens, cacheWriteTokens]
  return all.reduce<number>((sum, count) => sum + (count ?? 0), 0)
}
