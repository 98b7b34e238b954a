import { basename, dirname } from 'node:path'
import { isSomethingAt } from '../client/files.ts'
import { childrenOf } from '../client/processes.ts'
import { watchDirectory } from '../client/watch.ts'
import type { Handle } from '../parse.ts'
import { readLaunchNote } from './hooked-launch.ts'
import { lookAtHooks, transcriptOf } from './look-at-hooks.ts'

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

/** A file beside the events that tells what no event does. */
interface Witness {
  readonly directory: string
  /** Whether a file of the directory, just changed, is of the agent and says something new. */
  says(name: string): boolean
}

/**
 * Watches what the programs of these agents tell: one watch on the directory of events, one on each directory in which
 * programs note their status or their turns, whatever the number of agents. Returns what ends it.
 */
export function watchHooks(agents: readonly Watched[], news: WatchNews): () => void {
  const byFile = new Map(
    agents.flatMap((agent) => (agent.handle.events ? [[agent.handle.events, agent] as const] : [])),
  )
  const witnesses = createWitnesses(news)
  for (const agent of byFile.values()) witnesses.add(agent)
  const directories = new Set([...byFile.keys()].map(dirname))
  const ends = [...directories].map((directory) =>
    watchDirectory(
      directory,
      (name) => {
        const agent = byFile.get(`${directory}/${name}`)
        if (agent === undefined) return
        witnesses.add(agent)
        news.onChange(agent.id)
      },
      news.onGap,
    ),
  )
  return () => {
    for (const end of ends) end()
    witnesses.end()
  }
}

/** A directory that a program has not made yet is tried again with its next event. */
function createWitnesses(news: WatchNews): { add(agent: Watched): void; end(): void } {
  const watches = new Map<string, { readonly agents: Map<string, Witness>; readonly end: () => void }>()
  const added = new Map<string, string>()
  return {
    add({ id, handle }) {
      const witness = witnessOf(handle)
      if (witness === null || added.get(id) === witness.directory || !isSomethingAt(witness.directory)) return
      added.set(id, witness.directory)
      const known = watches.get(witness.directory)
      if (known !== undefined) return void known.agents.set(id, witness)
      const agents = new Map([[id, witness]])
      const end = watchDirectory(
        witness.directory,
        (name) => {
          for (const [agent, { says }] of agents) if (says(name)) news.onChange(agent)
        },
        news.onGap,
      )
      watches.set(witness.directory, { agents, end })
    },
    end() {
      for (const { end } of watches.values()) end()
    },
  }
}

/**
 * Before the first event, a program's output may be a screen that waits for a person. A status is named after the process that
 * notes it; a transcript counts only where it ends a turn.
 */
function witnessOf(handle: Handle): Witness | null {
  const isSilent = (): boolean => lookAtHooks(handle, true)?.isSilent === true
  if (isSilent()) return { directory: dirname(handle.log), says: (name) => name === basename(handle.log) && isSilent() }
  const directory = readLaunchNote(handle.events ?? '')?.status ?? null
  if (directory !== null)
    return {
      directory,
      says: (name) => childrenOf(handle.panePid).includes(Number(/^(\d+)\.json$/.exec(name)?.[1])),
    }
  const transcript = transcriptOf(handle)
  if (transcript === null) return null
  return {
    directory: dirname(transcript),
    says: (name) => name === basename(transcript) && lookAtHooks(handle, true)?.decision.turn.status !== 'running',
  }
}
