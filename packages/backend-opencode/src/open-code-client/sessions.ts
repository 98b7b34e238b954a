import { type CallOptions, checkDirectory, checkId, checkWholeNumber } from './call-options.ts'
import type { Caller } from './caller.ts'
import type { GlobalSession, Operations, Session } from './types.generated.ts'

/** Which sessions to list. */
export interface SessionFilter {
  /** Only those of exactly this directory. @default those of all directories */
  readonly directory?: string | undefined
  /** Only those with this text in their title. */
  readonly search?: string | undefined
  /** Without subagents. @default false */
  readonly rootsOnly?: boolean | undefined
  /** Also those that were archived. @default false */
  readonly archived?: boolean | undefined
  /**
   * How many to ask for at once. All are listed anyway; but the pages go by the time of change, and a session that changes
   * between two of them may be missed. @default 100000
   */
  readonly pageSize?: number | undefined
}

/** What a new session may be given. */
export type NewSession = Omit<NonNullable<Operations['session.create']['body']>, 'workspaceID'>

/** The sessions of a server. */
export interface Sessions {
  /** Every session that fits, newest change first. */
  list(filter?: SessionFilter, options?: CallOptions): Promise<GlobalSession[]>
  /** `null`: the server does not know it. */
  get(sessionId: string, options?: CallOptions): Promise<Session | null>
  /** In the directory of `options`. `model` holds until a prompt names another; `agent` holds for no prompt. */
  create(session?: NewSession, options?: CallOptions): Promise<Session>
  /** Takes it from the list; it keeps everything and still takes prompts. `null`: the server does not know it. */
  archive(sessionId: string, options?: CallOptions): Promise<Session | null>
  /**
   * Deletes it for good, after its turn was aborted: the server alone would let its tool run on.
   * @returns `false`: the server does not know it.
   */
  delete(sessionId: string, options?: CallOptions): Promise<boolean>
  /** Its subagents; `null`: the server does not know it. */
  children(sessionId: string, options?: CallOptions): Promise<readonly Session[] | null>
  /**
   * A new session with a copy of the conversation, up to a message and without it, or all of it.
   * `null`: the server does not know the session, or the message.
   */
  fork(
    from: { readonly sessionId: string; readonly messageId?: string | undefined },
    options?: CallOptions,
  ): Promise<Session | null>
}

const PAGE_SIZE = 100_000

/** The sessions of the server behind a caller. */
export function createSessions(caller: Caller): Sessions {
  const pathOf = (sessionId: string): { path: { sessionID: string } } => ({
    path: { sessionID: checkId('session', sessionId) },
  })
  return {
    list: (filter = {}, options) => listAll(caller, filter, options),
    get: async (sessionId, options) => caller.find('session.get', pathOf(sessionId), options),
    async create(session = {}, options) {
      if (session.parentID !== undefined) checkId('session', session.parentID)
      return caller.ask('session.create', { body: session }, options)
    },
    archive: async (sessionId, options) =>
      caller.find('session.update', { ...pathOf(sessionId), body: { time: { archived: Date.now() } } }, options),
    async delete(sessionId, options) {
      await caller.did('session.abort', pathOf(sessionId), options)
      return caller.did('session.delete', pathOf(sessionId), options)
    },
    children: async (sessionId, options) => caller.find('session.children', pathOf(sessionId), options),
    async fork({ sessionId, messageId }, options) {
      const { path } = pathOf(sessionId)
      if (messageId === undefined) return caller.find('session.fork', { path, body: {} }, options)
      const at = { path: { ...path, messageID: checkId('message', messageId) } }
      if ((await caller.find('session.message', at, options)) === null) return null
      return caller.find('session.fork', { path, body: { messageID: messageId } }, options)
    },
  }
}

async function listAll(
  caller: Caller,
  { directory, search, rootsOnly, archived, pageSize = PAGE_SIZE }: SessionFilter,
  options: CallOptions | undefined,
): Promise<GlobalSession[]> {
  checkDirectory(directory)
  checkWholeNumber('pageSize', pageSize)
  const query = {
    limit: pageSize,
    ...(directory !== undefined && { directory }),
    ...(search !== undefined && { search }),
    ...(rootsOnly && { roots: true }),
    ...(archived && { archived: true }),
  }
  const found = new Map<string, GlobalSession>()
  for (let cursor: number | undefined; ; ) {
    const before = found.size
    const page = await caller.page(
      'experimental.session.list',
      { query: { ...query, ...(cursor && { cursor }) } },
      options,
    )
    for (const session of page?.value ?? []) found.set(session.id, session)
    cursor = Number(page?.next)
    if (!cursor || found.size === before) return [...found.values()]
  }
}
