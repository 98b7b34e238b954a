import type { Agent } from '@orch/core'

/** An agent in a tree, and what stands before its id: how it hangs below the one that started it. */
export interface Branch {
  readonly agent: Agent
  readonly prefix: string
}

/** The same agents, each below its parent; one whose parent is not among them is a root. The order is kept otherwise. */
export function treeOf(agents: readonly Agent[]): readonly Branch[] {
  const ids = new Set(agents.map(({ id }) => id))
  const below = new Map<string | null, Agent[]>()
  for (const agent of agents) {
    const parent = agent.parent !== null && ids.has(agent.parent) ? agent.parent : null
    below.set(parent, [...(below.get(parent) ?? []), agent])
  }
  const left = new Set(agents)
  const grow = (agent: Agent, prefix: string, indent: string): readonly Branch[] => {
    if (!left.delete(agent)) return []
    const children = below.get(agent.id) ?? []
    const grown = children.flatMap((child, index) => {
      const isLast = index === children.length - 1
      return grow(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`)
    })
    return [{ agent, prefix }, ...grown]
  }
  const roots = below.get(null) ?? []
  const tree = roots.flatMap((root) => grow(root, '', ''))
  // Records that name each other as parents have no root.
  return [...tree, ...[...left].map((agent) => ({ agent, prefix: '' }))]
}
