import { dirname } from 'node:path'
import type { AgentRef, BackendEvent, EventsQuery } from '@orch/core'
import { watchDirectory } from './client/watch.ts'
import type { Context } from './context.ts'
import { EventQueue } from './event-queue.ts'
import { LogFollower } from './log-follower.ts'
import { socketOf } from './observe.ts'
import { parseHandle } from './parse.ts'
import { type Followed, ServerWatch } from './server-watch.ts'

type Push = (event: BackendEvent) => void

/**
 * `Backend.events`. Exits are seen by one watch on the directory of exit files, output by one on the directory of
 * logs, closed windows, unrecorded deaths and the server's own end by one control client for each server.
 */
export async function* followAgents(
  context: Context,
  request: { readonly agents: readonly AgentRef[]; readonly query: EventsQuery },
  signal: AbortSignal,
): AsyncGenerator<BackendEvent> {
  if (signal.aborted) return
  const queue = new EventQueue<BackendEvent>()
  const push: Push = (event) => queue.push(event)
  const followed = request.agents.flatMap(toFollowed)
  const onAbort = (): void => queue.close()
  signal.addEventListener('abort', onAbort, { once: true })
  const ends: (() => unknown)[] = [() => signal.removeEventListener('abort', onAbort)]
  try {
    ends.push(...watchExits(followed, push))
    if (request.query.content) ends.push(...(await followLogs(followed, request.query, push)))
    const sockets = new Set(request.agents.map(({ target }) => socketOf(target)))
    const servers = [...sockets].map((socket) => {
      const here = followed.filter((one) => one.socket === socket)
      return new ServerWatch(context.tmux, { socket, followed: here, push })
    })
    ends.push(...servers.map((server) => () => server.end()))
    await Promise.all(servers.map((server) => server.listen(signal)))
    if (!signal.aborted) yield { type: 'ready' }
    yield* queue.values()
  } finally {
    await Promise.all(ends.map((end) => end()))
  }
}

function toFollowed(agent: AgentRef): Followed[] {
  const handle = parseHandle(agent.handle)
  return handle === null ? [] : [{ id: agent.id, socket: socketOf(agent.target), handle }]
}

function watchExits(followed: readonly Followed[], push: Push): (() => void)[] {
  const byFile = new Map(followed.map(({ id, handle }) => [handle.exit, id]))
  const directories = new Set([...byFile.keys()].map((file) => dirname(file)))
  return [...directories].map((directory) =>
    watchDirectory(
      directory,
      (name) => {
        const id = byFile.get(`${directory}/${name}`)
        if (id !== undefined) push({ type: 'changed', agent: id })
      },
      (text) => push({ type: 'gap', agent: null, reason: { code: 'NOT_WATCHED', text } }),
    ),
  )
}

async function followLogs(followed: readonly Followed[], query: EventsQuery, push: Push): Promise<(() => void)[]> {
  const followers = new Map(
    followed.map(({ id, handle }) => [
      handle.log,
      new LogFollower(handle.log, {
        onLine: (item) => push({ type: 'item', agent: id, item }),
        onError: (text) => push({ type: 'gap', agent: id, reason: { code: 'LOG_UNREADABLE', text } }),
        raw: query.raw,
      }),
    ]),
  )
  const directories = new Set([...followers.keys()].map((file) => dirname(file)))
  const ends = [...directories].map((directory) =>
    watchDirectory(
      directory,
      (name) => followers.get(`${directory}/${name}`)?.changed(),
      (text) => push({ type: 'gap', agent: null, reason: { code: 'NOT_WATCHED', text } }),
    ),
  )
  await Promise.all([...followers.values()].map((follower) => follower.start()))
  return ends
}
