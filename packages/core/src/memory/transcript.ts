import type { Item } from '../agent.ts'
import type { ReadQuery, ReadResult } from '../backend.ts'
import type { AgentState } from './state.ts'

/** How many lines its window shows. */
const ROWS = 24

/** One page of what an agent said: its items, or their lines for a backend without structured transcripts. */
export function pageOf(agent: AgentState | undefined, query: ReadQuery, structured: boolean): ReadResult {
  if (!agent) return { items: [], before: null, gap: { code: 'GONE', text: 'The server does not know the agent' } }
  if (query.screen)
    return { items: agent.items.flatMap(toLines).slice(-ROWS).slice(-query.last), before: null, gap: null }
  const all = structured ? agent.items : agent.items.flatMap(toLines)
  const end = query.before === null ? all.length : all.findIndex(({ id }) => id === query.before)
  if (end < 0) throw new RangeError(`Cannot read before "${query.before}": no such cursor`)
  const start = Math.max(0, end - query.last)
  const before = start === 0 ? null : (all[start]?.id ?? null)
  const turns = !query.turns || !structured ? {} : { turns: agent.turnUsages.slice(-query.turns) }
  return { items: all.slice(start, end), before, gap: null, ...turns }
}

function toLines(item: Item): Item[] {
  const lines = (item.text ?? item.tool?.output ?? '').split('\n')
  const base = { ...item, kind: 'screen', role: null, tool: null } as const
  return lines.map((text, index) => ({ ...base, id: `${item.id}.${index}`, text }))
}
