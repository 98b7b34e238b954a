import { basename, dirname } from 'node:path'
import { isSomethingAt } from '../client/files.ts'
import { firstPartOf } from '../client/log-parts.ts'
import { childrenOf } from '../client/processes.ts'
import { watchDirectory } from '../client/watch.ts'
import type { Handle } from '../parse.ts'
import { hooksOf } from '../programs/known.ts'
import { isPartOf } from './event-parts.ts'
import { readLaunchNote } from './hooked-launch.ts'
import { lookAtHooks, transcriptOf } from './look-at-hooks.ts'

/** An agent that may be hooked. */
interface Watched {
  readonly id: string
  readonly handle: Handle
}

/** What is told of a watch. */
interface WatchNews {
  /** Its state may be another one. */
  onChange(agent: string): void
  /** Its transcript may have grown; left out when nobody reads it. */
  readonly onTranscript?: ((agent: string) => void) | undefined
  onGap(text: string): void
}

/** A file beside the events that tells what no event does. */
interface Witness {
  readonly directory: string
  /** Called with the name of a file of the directory that changed. */
  onFile(name: string): void
}

/**
 * Watches what the programs of these agents tell: one watch on the directory of events, one on each directory in which
 * programs note their status or write their transcripts, whatever the number of agents. Returns what ends it.
 */
export function watchHooks(agents: readonly Watched[], news: WatchNews): () => void {
  const byFile = new Map(
    agents.flatMap((agent) => (agent.handle.events ? [[agent.handle.events, agent] as const] : [])),
  )
  const watches = createWatches(news)
  for (const [file, agent] of byFile) {
    const onFile = (name: string): void => {
      if (!isPartOf(name, basename(file))) return
      renew()
      news.onChange(agent.id)
      news.onTranscript?.(agent.id)
    }
    const events: Witness = { directory: dirname(file), onFile }
    const renew = (): void => watches.set(agent.id, [events, ...witnessesOf(agent, news)])
    renew()
  }
  return () => watches.end()
}

/** One watch for each directory. One that a program has not made yet is tried again with its next event. */
function createWatches({ onGap }: WatchNews): { set(agent: string, witnesses: readonly Witness[]): void; end(): void } {
  const watches = new Map<string, { readonly byAgent: Map<string, Witness>; readonly end: () => void }>()
  const open = (directory: string): Map<string, Witness> => {
    const byAgent = new Map<string, Witness>()
    const tell = (name: string): void => {
      for (const { onFile } of [...byAgent.values()]) onFile(name)
    }
    watches.set(directory, { byAgent, end: watchDirectory(directory, tell, onGap) })
    return byAgent
  }
  return {
    set(agent, witnesses) {
      for (const { byAgent } of watches.values()) byAgent.delete(agent)
      for (const witness of witnesses) {
        const { directory } = witness
        if (isSomethingAt(directory)) (watches.get(directory)?.byAgent ?? open(directory)).set(agent, witness)
      }
    },
    end() {
      for (const { end } of watches.values()) end()
    },
  }
}

/**
 * Before the first event, a program's output may be a screen that waits for a person. A status is named after the process that
 * notes it. For the state, a transcript counts only where it ends a turn.
 */
function witnessesOf({ id, handle }: Watched, news: WatchNews): Witness[] {
  const look = (): ReturnType<typeof lookAtHooks> => lookAtHooks(handle, true)
  const onLog = (name: string): void => {
    if (firstPartOf(name) === basename(handle.log) && look()?.isSilent) news.onChange(id)
  }
  if (look()?.isSilent) return [{ directory: dirname(handle.log), onFile: onLog }]
  const status = readLaunchNote(handle.events ?? '')?.status ?? null
  const onStatus = (name: string): void => {
    if (childrenOf(handle.panePid).includes(Number(/^(\d+)\.json$/.exec(name)?.[1]))) news.onChange(id)
  }
  const transcript = transcriptOf(handle)
  const endsTurns = hooksOf(handle.program ?? '')?.endsInTranscript !== undefined
  const onTranscript = (name: string): void => {
    if (transcript === null || name !== basename(transcript.path)) return
    news.onTranscript?.(id)
    if (endsTurns && look()?.decision.turn.status !== 'running') news.onChange(id)
  }
  const isRead = transcript !== null && (endsTurns || news.onTranscript !== undefined)
  return [
    ...(status === null ? [] : [{ directory: status, onFile: onStatus }]),
    ...(isRead ? [{ directory: dirname(transcript.path), onFile: onTranscript }] : []),
  ]
}
