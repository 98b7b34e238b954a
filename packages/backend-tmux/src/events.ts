import { basename, dirname } from 'node:path'
import type { AgentRef, BackendEvent, EventsQuery, Item, Reason } from '@orch/core'
import { firstPartOf } from './client/log-parts.ts'
import { watchDirectory } from './client/watch.ts'
import type { Context } from './context.ts'
import { EventQueue } from './event-queue.ts'
import { transcriptFinder } from './hooks/look-at-hooks.ts'
import { watchHooks } from './hooks/watch-hooks.ts'
import { socketOf } from './observe.ts'
import { LogFollower } from './output/log-follower.ts'
import { parseHandle } from './parse.ts'
import { type Followed, ServerWatch } from './server-watch.ts'
import { TranscriptFollower } from './transcripts/transcript-follower.ts'
import { goneFile } from './watch-commands.ts'

type Push = (event: BackendEvent) => void

/** An event to tell, or a log to read when its turn comes: who reads slowly makes nothing pile up. */
type Task = BackendEvent | Follower

type Follower = LogFollower | TranscriptFollower

/** What a follower found, and why something is missing before it. */
interface Added {
  readonly items: readonly Item[]
  readonly more: boolean
  readonly gap?: Reason | null
}

/**
 * `Backend.events`. Exits, closed windows and unrecorded deaths are seen by one watch on the directory of exit files, output by
 * one on the directory of logs, what programs tell by one on the directory of events, the server's own end by one connection
 * to each server.
 */
export async function* followAgents(
  context: Context,
  request: { readonly agents: readonly AgentRef[]; readonly query: EventsQuery },
  signal: AbortSignal,
): AsyncGenerator<BackendEvent> {
  if (signal.aborted) return
  const queue = new EventQueue<Task>()
  const followed = request.agents.flatMap(toFollowed)
  const onAbort = (): void => queue.close()
  signal.addEventListener('abort', onAbort, { once: true })
  const ends: (() => unknown)[] = [() => signal.removeEventListener('abort', onAbort)]
  try {
    ends.push(...watchEnds(followed, (event) => queue.push(event)))
    const told = request.query.content ? await followTranscripts(followed, request.query) : null
    const onTranscript = (agent: string): void => {
      const follower = told?.get(agent)
      if (follower?.note()) queue.push(follower)
    }
    ends.push(
      watchHooks(followed, {
        onChange: (agent) => queue.push({ type: 'changed', agent }),
        onTranscript: told === null ? undefined : onTranscript,
        onGap: (text) => queue.push({ type: 'gap', agent: null, reason: { code: 'NOT_WATCHED', text } }),
      }),
    )
    // What was added since the followers began is read once the watch stands.
    for (const agent of told?.keys() ?? []) onTranscript(agent)
    const bare = followed.filter(({ id }) => told?.has(id) !== true)
    if (request.query.content) ends.push(...(await followLogs(bare, request.query, queue)))
    const sockets = new Set(request.agents.map(({ target }) => socketOf(target)))
    const servers = [...sockets].map((socket) => {
      const here = followed.filter((one) => one.socket === socket)
      const isOwn = socket === context.paths.socket
      return new ServerWatch(context.tmux, { socket, followed: here, push: (event) => queue.push(event), isOwn })
    })
    ends.push(...servers.map((server) => () => server.end()))
    await Promise.all(servers.map((server) => server.listen(signal)))
    if (!signal.aborted) yield { type: 'ready' }
    for await (const task of queue.values())
      if (task instanceof LogFollower || task instanceof TranscriptFollower) yield* readTask(task, queue)
      else yield task
  } finally {
    await Promise.all(ends.map((end) => end()))
  }
}

async function* readTask(follower: Follower, queue: EventQueue<Task>): AsyncGenerator<BackendEvent> {
  const { agent } = follower
  try {
    const { items, more, gap = null }: Added = await follower.read()
    if (more && follower.note()) queue.push(follower)
    if (gap !== null) yield { type: 'gap', agent, reason: gap }
    for (const item of items) {
      if (queue.isClosed) return
      yield { type: 'item', agent, item }
    }
  } catch (error) {
    const text = `Cannot read its log: ${(error as Error).message}`
    yield { type: 'gap', agent, reason: { code: 'LOG_UNREADABLE', text } }
  }
}

function toFollowed(agent: AgentRef): Followed[] {
  const handle = parseHandle(agent.handle)
  return handle === null ? [] : [{ id: agent.id, socket: socketOf(agent.target), handle }]
}

/** By one watch on each directory, whatever may end: the program, its pane, its window. */
function watchEnds(followed: readonly Followed[], push: Push): (() => void)[] {
  const byFile = new Map<string, string[]>()
  for (const { id, handle } of followed) {
    const exits = dirname(handle.exit)
    const gone = [handle.pane, handle.window].map((part) => goneFile(exits, part))
    for (const file of [handle.exit, ...gone]) byFile.set(file, [...(byFile.get(file) ?? []), id])
  }
  const directories = new Set(followed.map(({ handle }) => dirname(handle.exit)))
  return [...directories].map((directory) =>
    watchDirectory(
      directory,
      (name) => {
        const all = name === basename(directory) ? followed.map(({ id }) => id) : byFile.get(`${directory}/${name}`)
        for (const agent of all ?? []) push({ type: 'changed', agent })
      },
      (text) => push({ type: 'gap', agent: null, reason: { code: 'NOT_WATCHED', text } }),
    ),
  )
}

/** Those whose programs write down what is said; the others are followed by their output. */
async function followTranscripts(
  followed: readonly Followed[],
  { raw }: EventsQuery,
): Promise<ReadonlyMap<string, TranscriptFollower>> {
  const hooked = followed.filter(({ handle }) => handle.events !== undefined)
  const followers = hooked.map(
    ({ id, handle }) => [id, new TranscriptFollower(id, { find: transcriptFinder(handle), raw })] as const,
  )
  await Promise.all(followers.map(([, follower]) => follower.start()))
  return new Map(followers)
}

async function followLogs(
  followed: readonly Followed[],
  query: EventsQuery,
  queue: EventQueue<Task>,
): Promise<(() => void)[]> {
  const followers = new Map(
    followed.map(({ id, handle }) => [handle.log, new LogFollower(id, { path: handle.log, raw: query.raw })]),
  )
  const directories = new Set([...followers.keys()].map((file) => dirname(file)))
  const ends = [...directories].map((directory) =>
    watchDirectory(
      directory,
      (name) => {
        const follower = followers.get(`${directory}/${firstPartOf(name)}`)
        if (follower?.note()) queue.push(follower)
      },
      (text) => queue.push({ type: 'gap', agent: null, reason: { code: 'NOT_WATCHED', text } }),
    ),
  )
  await Promise.all([...followers.values()].map((follower) => follower.start()))
  return ends
}
