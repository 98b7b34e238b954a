/** A session in which no model ever worked. */
export interface QuietSession {
  /** Id of the agent, as orch's tag says it. */
  readonly id: string
  readonly sessionId: string
  readonly directory: string
  /** The session's `time.updated`, milliseconds since 1970. */
  readonly updatedAt: number
}

/** What is to be made. */
export interface QuietSessionsOptions {
  /** `url` and `authorization` header of the server. */
  readonly server: { readonly url: string; readonly authorization: string }
  /** Ids of the agents, one session for each. */
  readonly ids: readonly string[]
  readonly namespace: string
  /** Folders where they work, by turns. */
  readonly directories: readonly string[]
  /** A message that each holds and that nobody answers; the first in a directory costs the server 25 MB. `@default` none. */
  readonly message?: string
}

/** So many sessions are made side by side. */
const SIDE_BY_SIDE = 4

/** Makes sessions that carry orch's tag, without orch and without a turn: hundreds in seconds. */
export async function quietSessions(options: QuietSessionsOptions): Promise<QuietSession[]> {
  const { ids, directories } = options
  const left = ids.map((id, index) => ({ id, directory: directories[index % directories.length] as string }))
  const made: QuietSession[] = []
  const makeAll = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) made.push(await make(options, next))
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, makeAll))
  return made
}

interface SessionJson {
  readonly id: string
  readonly directory: string
  readonly time: { readonly created: number; readonly updated: number }
}

async function make(
  { server, namespace, message }: QuietSessionsOptions,
  { id, directory }: { readonly id: string; readonly directory: string },
): Promise<QuietSession> {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = {
      authorization: server.authorization,
      'x-opencode-directory': encodeURIComponent(directory),
      'content-type': 'application/json',
    }
    const response = await fetch(`${server.url}${path}`, { method, headers, body: body ? JSON.stringify(body) : null })
    if (!response.ok) throw new Error(`Cannot ${method} "${path}": ${response.status}`)
    return (await response.json()) as T
  }
  const metadata = { orch: { id, namespace, model: null, mode: null } }
  const create = (): Promise<SessionJson> => ask('POST', '/session', { title: `Quiet (${id})`, metadata })
  let session = await create()
  if (message === undefined) {
    // The server reads its clock twice: one in some thousands looks as if it had changed since it was made.
    while (session.time.updated !== session.time.created) {
      await ask('DELETE', `/session/${session.id}`)
      session = await create()
    }
  } else {
    await ask('POST', `/session/${session.id}/message`, { noReply: true, parts: [{ type: 'text', text: message }] })
    session = await ask('GET', `/session/${session.id}`)
  }
  return { id, sessionId: session.id, directory: session.directory, updatedAt: session.time.updated }
}
