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
  return countsOf((name) => {
    const values = usages.map((usage) => usage[name])
    return values.includes(null) ? null : sum(name, values)
  })
}

/** What agents used together, as far as it is known, and of how many it is not. `null`: nothing is known of that agent. */
export function totalUsage(usages: readonly (UsageCounts | null)[]): UsageTotal {
  const total = countsOf((name) => {
    const values = usages.flatMap((usage) => usage?.[name] ?? [])
    return values.length === 0 ? null : sum(name, values)
  })
  const shown = COUNTS.filter((name) => total[name] !== null)
  const unknown = usages.filter((usage) => usage === null || shown.some((name) => usage[name] === null))
  return { ...total, agents: usages.length, unknown: unknown.length }
}

/** Usage as documents hold it: every field is there, and the cost is rounded. */
export function shownUsage(usage: Usage): Usage {
  const { contextTokens = null, contextLimit = null } = usage
  return { ...sumUsage([usage]), contextTokens, contextLimit }
}

function countsOf(countOf: (name: Count) => number | null): UsageCounts {
  return Object.fromEntries(COUNTS.map((name) => [name, countOf(name)])) as Record<Count, number | null>
}

function sum(name: Count, values: readonly (number | null)[]): number {
  const parts = name === 'costUsd' ? COST_PARTS : 1
  return values.reduce<number>((before, value) => before + Math.round((value ?? 0) * parts), 0) / parts
}
