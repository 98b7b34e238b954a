import {
  elapsedMs,
  type StatusDocument,
  type TurnUsage,
  type Usage,
  type UsageCounts,
  type UsageTotal,
} from '@orch/core'
import { age, spanOf } from '../age.ts'
import { oneLine, type Page, styled } from '../page.ts'

/** The heads of {@link usageCells}. */
export const USAGE_COLUMNS: readonly string[] = ['INPUT', 'OUTPUT', 'REASONING', 'CACHE', 'COST']

/** What an agent used, one cell for each of {@link USAGE_COLUMNS}; `-` is not known. */
export function usageCells(usage: UsageCounts | null): string[] {
  if (usage === null) return USAGE_COLUMNS.map(() => '-')
  const { inputTokens, outputTokens, reasoningTokens, costUsd } = usage
  return [inputTokens, outputTokens, reasoningTokens, cacheTokens(usage)]
    .map((tokens) => (tokens === null ? '-' : `${tokens}`))
    .concat(costUsd === null ? '-' : dollars(costUsd))
}

/** What all agents of a list used: a line for each project where there may be several, and one for all of them. */
export function writeTotals(
  { project, usage, usageByProject }: Pick<StatusDocument, 'project' | 'usage' | 'usageByProject'>,
  page: Page,
): void {
  if (usage.agents === 0) return
  const write = (what: string, total: UsageTotal): void => {
    const agents = total.agents === 1 ? '1 agent' : `${total.agents} agents`
    page.line(styled('dim', 'Total of '), `${what}${agents}: ${totalText(total)}`)
  }
  if (project === null) for (const own of usageByProject) write(`${oneLine(own.project)}, `, own.usage)
  write('', usage)
}

/** What each turn used, one line each. */
export function writeTurns(turns: readonly TurnUsage[], page: Page): void {
  if (turns.length > 0) page.line(styled('dim', 'Newest turns:'))
  for (const { startedAt, endedAt, usage } of turns) {
    const took = endedAt === null ? 'not ended' : `took ${spanOf(elapsedMs(startedAt, endedAt))}`
    const cost = usage.costUsd === null ? '' : `, ${dollars(usage.costUsd)}`
    page.line(`  ${age(startedAt, page.now)} ago, ${took}: ${tokensText(usage)}${cost}`)
  }
}

/** Sums in one line, and of how many agents they are not whole. */
function totalText(total: UsageTotal): string {
  const cells = usageCells(total)
  const known = USAGE_COLUMNS.flatMap((name, index) => {
    const cell = cells[index] ?? '-'
    return cell === '-' ? [] : [name === 'COST' ? cell : `${cell} ${name.toLowerCase()}`]
  })
  if (known.length === 0) return 'not known'
  return `${known.join(', ')}${total.unknown === 0 ? '' : `; not known, or not all of it, of ${total.unknown}`}`
}

/** Tokens in one line; `?` is not known, what is 0 or not known beside input and output is left out. */
export function tokensText(usage: UsageCounts): string {
  const more = [
    [usage.reasoningTokens, 'reasoning'],
    [usage.cacheReadTokens, 'read from cache'],
    [usage.cacheWriteTokens, 'written to cache'],
  ] as const
  const shown = more.flatMap(([tokens, what]) => (tokens ? [`, ${tokens} ${what}`] : []))
  return `${usage.inputTokens ?? '?'} in, ${usage.outputTokens ?? '?'} out${shown.join('')}`
}

/** How full the context is; `null` when that is not known. */
export function contextText({ contextTokens = null, contextLimit = null }: Usage): string | null {
  if (contextTokens === null) return null
  if (contextLimit === null) return `${contextTokens} tokens`
  return `${contextTokens} of ${contextLimit} tokens (${Math.round((contextTokens / contextLimit) * 100)} %)`
}

/** An amount as short as it can be read: cents, and parts of them below one dollar. */
export function dollars(amount: number): string {
  if (amount > 0 && amount < 0.0001) return '<$0.0001'
  return `$${amount.toFixed(amount > 0 && amount < 1 ? 4 : 2)}`
}

function cacheTokens({ cacheReadTokens, cacheWriteTokens }: UsageCounts): number | null {
  return cacheReadTokens === null && cacheWriteTokens === null ? null : (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0)
}
