import type { Usage, UsageCounts } from './agent.ts'
import type { UsageTotal } from './documents.ts'

const COUNTS = [
  'inputTokens',
  'outputTokens',
  'reasoningTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'costUsd',
] as const satisfies readonly (keyof UsageCounts)[]

type Count = (typeof COUNTS)[number]

/** Costs are added as whole numbers of so small a part of a dollar: a token of the cheapest model costs some hundreds of it. */
const COST_PARTS = 1e10

/** All of it together. What is not known of one is not known of the sum. Costs are free of the dust of binary fractions. */
export function sumUsage(usages: readonly UsageCounts[]): UsageCounts {
  return countsOf((name) => (usages.some((usage) => usage[name] === null) ? null : sum(name, usages)))
}

/** What agents used together, as far as it is known, and of how many it is not. `null`: nothing is known of that agent. */
export function totalUsage(usages: readonly (UsageCounts | null)[]): UsageTotal {
  const total = countsOf((name) =>
    usages.some((usage) => (usage?.[name] ?? null) !== null) ? sum(name, usages) : null,
  )
  const shown = COUNTS.filter((name) => total[name] !== null)
  const unknown = usages.filter((usage) => usage === null || shown.some((name) => usage[name] === null))
  return { ...total, agents: usages.length, unknown: unknown.length }
}

/** Usage as documents hold it: every field is there, and the cost is rounded. */
export function shownUsage(usage: Usage): Usage {
  const { inputTokens, outputTokens, reasoningTokens, cacheReadTokens, cacheWriteTokens } = usage
  const { contextTokens = null, contextLimit = null } = usage
  const costUsd = usage.costUsd === null ? null : sum('costUsd', [usage])
  return {
    inputTokens,
    outputTokens,
    reasoningTokens,
    cacheReadTokens,
    cacheWriteTokens,
    costUsd,
    contextTokens,
    contextLimit,
  }
}

/** Written out: this runs for every agent of a list, where making the object from its names took longest. */
function countsOf(countOf: (name: Count) => number | null): UsageCounts {
  return {
    inputTokens: countOf('inputTokens'),
    outputTokens: countOf('outputTokens'),
    reasoningTokens: countOf('reasoningTokens'),
    cacheReadTokens: countOf('cacheReadTokens'),
    cacheWriteTokens: countOf('cacheWriteTokens'),
    costUsd: countOf('costUsd'),
  }
}

function sum(name: Count, usages: readonly (UsageCounts | null)[]): number {
  const parts = name === 'costUsd' ? COST_PARTS : 1
  let total = 0
  for (const usage of usages) total += Math.round((usage?.[name] ?? 0) * parts)
  return total / parts
}
