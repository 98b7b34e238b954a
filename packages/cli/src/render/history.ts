import type { HistoryDocument, HistoryEntry, TrailEntry, Usage } from '@orch/core'
import { age, spanOf } from '../age.ts'
import { oneLine, type Page, styled, writeTable } from '../page.ts'
import { stateOf } from './agent.ts'
import { dollars, tokensText, writeTotals } from './usage.ts'

/** Agents that were and are, one row each, and what all that match used. */
export function writeHistory(document: HistoryDocument, page: Page): void {
  const { agents, total, project, usage } = document
  if (total === 0) {
    page.line(project === null ? 'No agents' : `No agents in ${project}`)
    return
  }
  writeTable(
    page,
    ['AGENT', 'STATE', 'BACKEND', 'SPAWNED', 'TOOK', 'TOKENS', 'COST', 'WHY'],
    agents.map((agent) => [
      styled('bold', agent.id),
      stateOf(agent),
      agent.backend,
      age(agent.spawnedAt, page.now),
      spanOf(agent.durationMs),
      tokens(agent.usage),
      cost(agent.usage),
      agent.reason.text,
    ]),
  )
  writeTotals({ project: '', usage, usageByProject: [] }, page)
  const more = total - agents.length
  if (more > 0) page.note(`  … ${more} older: -n ${total} shows all`)
}

/** Everything that was done to one agent, oldest first. */
export function writeTrail({ agents, trail }: HistoryDocument, page: Page): void {
  for (const agent of agents) writeHead(agent, page)
  for (const entry of trail ?? []) {
    page.line(styled('dim', `${entry.at}  `), oneLine(entry.text))
    page.line(styled('dim', `${' '.repeat(entry.at.length + 2)}${oneLine(actor(entry))}`))
  }
}

function writeHead(agent: HistoryEntry, page: Page): void {
  page.line(styled('bold', agent.id), '  ', stateOf(agent), '  ', oneLine(agent.reason.text))
  const took = agent.durationMs === null ? '' : `, ${spanOf(agent.durationMs)}`
  const used = agent.usage === null ? '' : `, ${tokensText(agent.usage)}`
  page.line(styled('dim', oneLine(`${agent.backend}, spawned ${agent.spawnedAt}${took}${used}`)))
}

function actor({ by }: TrailEntry): string {
  if (by === null) return 'by whom was not noted'
  const verb = by.verb === null ? '' : `orch ${by.verb}, `
  const agent = by.agent === null ? '' : `agent ${by.agent} as `
  return `${verb}${agent}${by.user}@${by.host}, process ${by.pid}`
}

function tokens(usage: Usage | null): string {
  const { inputTokens = null, outputTokens = null } = usage ?? {}
  return inputTokens === null || outputTokens === null ? '-' : String(inputTokens + outputTokens)
}

function cost(usage: Usage | null): string {
  return typeof usage?.costUsd === 'number' ? dollars(usage.costUsd) : '-'
}
