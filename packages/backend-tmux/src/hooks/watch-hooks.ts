import { dirname } from 'node:path'
import { isSomethingAt } from '../client/files.ts'
import { childrenOf } from '../client/processes.ts'
import { watchDirectory } from '../client/watch.ts'
import type { Handle } from '../parse.ts'
import { readLaunchNote } from './hooked-launch.ts'

/** An agent that may be hooked. */
interface Watched {
  readonly id: string
  readonly handle: Handle
}

/** What is told of a watch. */
interface WatchNews {
  onChange(agent: string): void
  onGap(text: string): void
}

/**
 * Watches what the programs of these agents tell: one watch on the directory of events, one on each directory in which
 * programs note their status, whatever the number of agents. Returns what ends it.
 */
export function watchHooks(agents: readonly Watched[], news: WatchNews): () => void {
  const byFile = new Map(
    agents.flatMap((agent) => (agent.handle.events ? [[agent.handle.events, agent] as const] : [])),
  )
  const statuses = createStatusWatch(news)
  for (const agent of byFile.values()) statuses.add(agent)
  const directories = new Set([...byFile.keys()].map(dirname))
  const ends = [...directories].map((directory) =>
    watchDirectory(
      directory,
      (name) => {
        const agent = byFile.get(`${directory}/${name}`)
        if (agent === undefined) return
        statuses.add(agent)
        news.onChange(agent.id)
      },
      news.onGap,
    ),
  )
  return () => {
    for (const end of ends) end()
    statuses.end()
  }
}

/** The directories of statuses; one that a program has not made yet is tried again with its next event. */
function createStatusWatch(news: WatchNews): { add(agent: Watched): void; end(): void } {
  const missing = new Map<string, string>()
  const watches = new Map<string, { readonly agents: Map<string, Watched>; readonly end: () => void }>()
  const added = new Set<string>()
  return {
    add(agent) {
      if (added.has(agent.id)) return
      const directory = missing.get(agent.id) ?? readLaunchNote(agent.handle.events ?? '')?.status ?? null
      if (directory === null) return
      missing.set(agent.id, directory)
      if (!isSomethingAt(directory)) return
      added.add(agent.id)
      const known = watches.get(directory)
      if (known !== undefined) return void known.agents.set(agent.id, agent)
      const agents = new Map([[agent.id, agent]])
      const end = watchDirectory(directory, (name) => tell(agents, name, news), news.onGap)
      watches.set(directory, { agents, end })
    },
    end() {
      for (const { end } of watches.values()) end()
    },
  }
}

/** The file is named after the process, which is looked for among those that the panes run. */
function tell(agents: ReadonlyMap<string, Watched>, name: string, { onChange }: WatchNews): void {
  const pid = Number(/^(\d+)\.json$/.exec(name)?.[1])
  if (!Number.isInteger(pid)) return
  for (const { id, handle } of agents.values()) if (childrenOf(handle.panePid).includes(pid)) onChange(id)
}
