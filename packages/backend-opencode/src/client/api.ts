import { type JsonValue, OrchError } from '@orch/core'
import {
  type AgentDefinition,
  type OpenRequest,
  type PermissionRule,
  parseDefinition,
  parseRequests,
  parseSession,
  parseStatuses,
  type Session,
  type Status,
  type Tag,
} from '../parse.ts'
import { parseMessage, type StoredMessage } from '../parse-message.ts'
import { fields } from '../raw.ts'
import type { Http, HttpAnswer, HttpRequest } from './http.ts'
import type { Server } from './server.ts'

/** A page of messages, oldest first. */
export interface MessagePage {
  readonly messages: readonly StoredMessage[]
  /** Gives the page before this one; `null` when nothing lies before it. */
  readonly before: string | null
}

/** What a prompt carries. */
export interface Prompt {
  /** Found again in the stored message. */
  readonly tag: string
  readonly text: string
  readonly model: { readonly providerID: string; readonly modelID: string } | null
  readonly agent: string | null
  readonly files: readonly FilePart[]
}

/** A file whose content goes with a prompt. */
export interface FilePart {
  readonly mime: string
  readonly filename: string
  /** `data:…;base64,…` */
  readonly url: string
}

/** The body of a new session. */
export interface NewSession {
  readonly title: string
  readonly metadata: { readonly orch: Tag }
  readonly permission: readonly PermissionRule[]
}

/** A session and the directory whose instance runs it. */
export interface SessionAddress {
  readonly sessionId: string
  readonly directory: string
}

/** The endpoints of one server that orch uses. Every method rejects like {@link Http.ask}. */
export interface Api {
  readonly server: Server
  /** All sessions of all directories, subagents too; not those put away. */
  sessions(): Promise<readonly Session[]>
  /** `null`: the server does not know it. */
  session(id: string): Promise<Session | null>
  createSession(directory: string, body: NewSession): Promise<Session>
  archiveSession(at: SessionAddress): Promise<Session | null>
  /** Puts orch's tag beside what else its metadata holds; the session as it is then. `null`: there is no such session. */
  tagSession(at: SessionAddress, tag: Tag): Promise<Session | null>
  /** Adds rules after those the session has; its next turn begins with them. `false`: there is no such session. */
  addPermissionRules(at: SessionAddress, rules: readonly PermissionRule[]): Promise<boolean>
  statuses(directory: string): Promise<ReadonlyMap<string, Status>>
  requests(directory: string): Promise<OpenRequest[]>
  /** The newest `limit` messages, or those before a cursor; `null`: there is no such session. */
  messages(at: SessionAddress, limit: number, before?: string): Promise<MessagePage | null>
  message(at: SessionAddress, id: string): Promise<StoredMessage | null>
  /** `false`: there is no such session. */
  prompt(at: SessionAddress, prompt: Prompt): Promise<boolean>
  abort(at: SessionAddress): Promise<void>
  /** `false`: it is not open any more. */
  replyPermission(directory: string, id: string, body: { reply: string; message?: string }): Promise<boolean>
  /** `false`: it is not open any more. */
  replyQuestion(directory: string, id: string, answers: readonly (readonly string[])[]): Promise<boolean>
  /** `false`: it is not open any more. */
  rejectQuestion(directory: string, id: string): Promise<boolean>
  /** The agent definitions, the one that is used unless another is named before the others of its kind. */
  definitions(directory: string): Promise<AgentDefinition[]>
  /** Ids of the models that can be used, by provider. */
  models(directory?: string): Promise<Map<string, string[]>>
  /** How many tokens the context of a model holds, by `provider/model`, as far as the server says. */
  contextLimits(directory: string): Promise<Map<string, number>>
  /** Closes what the server holds open for a directory. */
  disposeInstance(directory: string): Promise<boolean>
  /** A file as the server sees it; `null` when it cannot. `path` is relative to `directory`. */
  fileContent(directory: string, path: string): Promise<string | null>
}

/** More than any server holds: paging by time of change could skip one that moves meanwhile. */
const ALL_SESSIONS = 100_000

/** The endpoints of a server, each call bounded by `signal`. */
export function createApi(http: Http, server: Server, signal: AbortSignal): Api {
  const ask = (request: HttpRequest): Promise<HttpAnswer> => http.ask(server, request, signal)
  const get = async <T>(request: Omit<HttpRequest, 'method'>, parse: (value: unknown) => T | null): Promise<T> => {
    const answer = await ask({ method: 'GET', ...request })
    const parsed = answer.status === 404 ? null : parse(answer.value)
    if (parsed !== null) return parsed
    throw misunderstood(server, `GET ${request.path}`)
  }
  /** `false`: the server does not know what this is about. What it answers to what it did is nothing, or `true`. */
  const post = async (path: string, directory: string, body: HttpRequest['body'] = {}): Promise<boolean> => {
    const { status, value } = await ask({ method: 'POST', path, directory, body })
    if (status === 404) return false
    if (status === 204 || value === true) return true
    throw misunderstood(server, `POST ${path}`)
  }
  return {
    server,
    sessions: () => get({ path: '/experimental/session', query: { limit: String(ALL_SESSIONS) } }, parseSessions),
    async session(id) {
      const path = `/session/${encodeURIComponent(id)}`
      const { status, value } = await ask({ method: 'GET', path })
      return status === 404 ? null : known(parseSession(value), server, `GET ${path}`)
    },
    async createSession(directory, body) {
      const { value } = await ask({
        method: 'POST',
        path: '/session',
        directory,
        body: { ...body, metadata: { orch: { ...body.metadata.orch } } },
      })
      return known(parseSession(value), server, 'POST /session')
    },
    async archiveSession({ sessionId, directory }) {
      const path = `/session/${encodeURIComponent(sessionId)}`
      const { status, value } = await ask({
        method: 'PATCH',
        path,
        directory,
        body: { time: { archived: Date.now() } },
      })
      return status === 404 ? null : known(parseSession(value), server, `PATCH ${path}`)
    },
    async tagSession({ sessionId, directory }, tag) {
      const path = `/session/${encodeURIComponent(sessionId)}`
      const before = await ask({ method: 'GET', path, directory })
      if (before.status === 404) return null
      const metadata = fields(fields(before.value).metadata) as Record<string, JsonValue>
      const body = { metadata: { ...metadata, orch: { ...tag } } }
      const { status } = await ask({ method: 'PATCH', path, directory, body })
      if (status === 404) return null
      const after = await ask({ method: 'GET', path, directory })
      return after.status === 404 ? null : known(parseSession(after.value), server, `PATCH ${path}`)
    },
    async addPermissionRules({ sessionId, directory }, rules) {
      const path = `/session/${encodeURIComponent(sessionId)}`
      const body = { permission: rules }
      const { status, value } = await ask({ method: 'PATCH', path, directory, body })
      return status !== 404 && known(parseSession(value), server, `PATCH ${path}`) !== null
    },
    statuses: (directory) => get({ path: '/session/status', directory }, parseStatuses),
    async requests(directory) {
      const [permissions, questions] = await Promise.all([
        get({ path: '/permission', directory }, (value) => parseRequests('permission', value)),
        get({ path: '/question', directory }, (value) => parseRequests('question', value)),
      ])
      return [...permissions, ...questions]
    },
    async messages({ sessionId, directory }, limit, before) {
      const path = `/session/${encodeURIComponent(sessionId)}/message`
      const query = { limit: String(limit), ...(before !== undefined && { before }) }
      const { status, value, headers } = await ask({ method: 'GET', path, directory, query })
      if (status === 404) return null
      if (!Array.isArray(value)) throw misunderstood(server, `GET ${path}`)
      const next = headers['x-next-cursor']
      return {
        messages: value.flatMap((each) => parseMessage(each) ?? []),
        before: typeof next === 'string' ? next : null,
      }
    },
    async message({ sessionId, directory }, id) {
      const path = `/session/${encodeURIComponent(sessionId)}/message/${encodeURIComponent(id)}`
      const { status, value } = await ask({ method: 'GET', path, directory })
      return status === 404 ? null : parseMessage(value)
    },
    prompt: ({ sessionId, directory }, { tag, text, model, agent, files }) =>
      post(`/session/${encodeURIComponent(sessionId)}/prompt_async`, directory, {
        ...(model !== null && { model: { ...model } }),
        ...(agent !== null && { agent }),
        parts: [
          { type: 'text', text, metadata: { orch: { message: tag } } },
          ...files.map((file) => ({ type: 'file', ...file })),
        ],
      }),
    async abort({ sessionId, directory }) {
      await post(`/session/${encodeURIComponent(sessionId)}/abort`, directory)
    },
    replyPermission: (directory, id, body) => post(`/permission/${encodeURIComponent(id)}/reply`, directory, body),
    replyQuestion: (directory, id, answers) =>
      post(`/question/${encodeURIComponent(id)}/reply`, directory, { answers }),
    rejectQuestion: (directory, id) => post(`/question/${encodeURIComponent(id)}/reject`, directory),
    definitions: (directory) => get({ path: '/agent', directory }, parseDefinitions),
    async models(directory) {
      const providers = await get({ path: '/config/providers', directory }, parseProviders)
      return new Map([...providers].map(([provider, models]) => [provider, Object.keys(models)]))
    },
    async contextLimits(directory) {
      const providers = await get({ path: '/config/providers', directory }, parseProviders)
      const all = [...providers].flatMap(([provider, models]) =>
        Object.entries(models).map(([name, { limit }]) => [`${provider}/${name}`, Number(limit?.context)] as const),
      )
      return new Map(all.filter(([, limit]) => limit > 0))
    },
    disposeInstance: (directory) => post('/instance/dispose', directory),
    async fileContent(directory, path) {
      const answer = await ask({ method: 'GET', path: '/file/content', directory, query: { path } })
      const { content } = (answer.value ?? {}) as { content?: unknown }
      return typeof content === 'string' ? content : null
    },
  }
}

/** What was made of a list: those who share an answer share that too. */
const parsed = new WeakMap<object, readonly Session[]>()

function parseSessions(value: unknown): readonly Session[] | null {
  if (!Array.isArray(value)) return null
  const sessions = parsed.get(value) ?? value.flatMap((each) => parseSession(each) ?? [])
  parsed.set(value, sessions)
  return sessions
}

function parseDefinitions(value: unknown): AgentDefinition[] | null {
  return Array.isArray(value) ? value.flatMap((each) => parseDefinition(each) ?? []) : null
}

type Models = Readonly<Record<string, { readonly limit?: { readonly context?: unknown } }>>

function parseProviders(value: unknown): Map<string, Models> | null {
  const { providers } = (value ?? {}) as { providers?: unknown }
  if (!Array.isArray(providers)) return null
  const entries = (providers as { id?: unknown; models?: Models }[]).map(
    ({ id, models }) => [String(id), models ?? {}] as const,
  )
  return new Map(entries)
}

function known<T>(value: T | null, server: Server, what: string): T {
  if (value !== null) return value
  throw misunderstood(server, what)
}

function misunderstood(server: Server, what: string): OrchError {
  return new OrchError(
    'BAD_ANSWER',
    `Cannot understand the answer of the OpenCode server at "${server.url}" to "${what}": it has another form than expected`,
    {
      hint: `Check that this server is OpenCode 1.18 or newer, it says "${server.version}"`,
      outcome: what.startsWith('GET ') ? 'none' : 'unknown',
    },
  )
}
