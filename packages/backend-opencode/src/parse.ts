import type { UsageCounts } from '@orch/core'
import type { ModelId } from './model.ts'

/** A session as the server lists it; times are milliseconds since 1970. */
export interface Session {
  readonly id: string
  readonly title: string
  readonly directory: string
  /** The session that started it as a subagent. */
  readonly parentId: string | null
  /** orch's tag from its metadata. */
  readonly tag: Tag | null
  /** Whether it was ever given a message: the server notes the agent definition with the first one, and the time moves. */
  readonly begun: 'yes' | 'no' | 'unknown'
  readonly createdAt: number
  /** Moves with every message that is stored. */
  readonly updatedAt: number
  /** Set while the session is put away. */
  readonly archivedAt: number | null
  /** `provider/model` of the newest message; `null` before the first, unless it was made with one. */
  readonly model: string | null
  /** Of its own messages alone: that of its subagents is in their sessions. */
  readonly usage: UsageCounts
}

/** What orch notes in a session's metadata. */
export interface Tag {
  /** Id of the agent. */
  readonly id: string
  /** Its registry. */
  readonly namespace: string
  /** What is sent with each prompt, so that a session found without its record goes on as it was meant to. */
  readonly model: string | null
  readonly mode: string | null
}

/** A session that is not idle. */
export type Status =
  | { readonly type: 'busy' }
  | { readonly type: 'retry'; readonly attempt: number; readonly message: string }

/** A stored message. */
export interface StoredMessage {
  readonly id: string
  readonly role: 'user' | 'assistant'
  /** Of an answer: the user message it answers. */
  readonly parentId: string | null
  readonly createdAt: number
  readonly completedAt: number | null
  /** Why the model stopped: `stop`, `tool-calls`, `length` …; `null` while it goes on. */
  readonly finish: string | null
  readonly error: { readonly name: string; readonly text: string } | null
  /** Of an answer: the model that gave it. */
  readonly model: ModelId | null
  /** Of an answer; nothing is known of another message, and nothing was used by an answer that was cut off. */
  readonly usage: UsageCounts
  readonly parts: readonly Part[]
}

/** A part of a message; kinds that orch does not show have `type: 'other'`. */
export interface Part {
  readonly id: string
  readonly messageId: string
  readonly type: 'text' | 'reasoning' | 'tool' | 'other'
  /** What the server put there itself and no person or model wrote. */
  readonly isSynthetic: boolean
  readonly text: string
  /** orch's message id from the part's metadata. */
  readonly tag: string | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly tool: ToolPart | null
}

/** The tool call in a part. */
export interface ToolPart {
  readonly name: string
  readonly callId: string
  readonly status: 'pending' | 'running' | 'completed' | 'error'
  readonly input: Readonly<Record<string, unknown>>
  /** What it returned, has printed so far, or failed with. */
  readonly output: string | null
  /** The server kept only a part of the output. */
  readonly isShortened: boolean
  /** What it changed in files, as a unified diff. */
  readonly diff: string | null
  /** The path of a file it wrote that was not there before. */
  readonly newFile: string | null
  /** The session of the subagent that it runs. */
  readonly subagentId: string | null
}

/** A permission or a question that is open on the server. */
export interface OpenRequest {
  readonly id: string
  readonly sessionId: string
  readonly kind: 'permission' | 'question'
  /** Of a permission: `bash`, `edit`, `external_directory` … */
  readonly permission: string
  readonly patterns: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  /** What of its kind would be granted for good; empty when the server offers no such grant. */
  readonly always: readonly string[]
  readonly questions: readonly { readonly text: string; readonly labels: readonly string[] }[]
}

/** A rule of a session or an agent definition; of all that match, the last counts. */
export type PermissionRule = { readonly permission: string; readonly pattern: string; readonly action: string }

/** An agent definition, with all the rules that the configuration gives it. */
export interface AgentDefinition {
  readonly name: string
  /** Can be chosen for an agent. */
  readonly isPrimary: boolean
  /** Can be started by another agent. */
  readonly isSubagent: boolean
  readonly rules: readonly PermissionRule[]
}

type Fields = Readonly<Record<string, unknown>>

/** A session; `null` when it is none. */
export function parseSession(value: unknown): Session | null {
  const raw = fields(value)
  const time = fields(raw.time)
  if (typeof raw.id !== 'string' || typeof raw.directory !== 'string') return null
  return {
    id: raw.id,
    title: text(raw.title),
    directory: raw.directory,
    parentId: textOrNull(raw.parentID),
    tag: parseTag(raw.metadata),
    begun: typeof raw.agent === 'string' ? 'yes' : time.updated === time.created ? 'no' : 'unknown',
    createdAt: number(time.created) ?? 0,
    updatedAt: number(time.updated) ?? 0,
    archivedAt: number(time.archived) || null,
    model: parseSessionModel(raw.model),
    usage: parseUsage(raw),
  }
}

function parseTag(metadata: unknown): Tag | null {
  const { id, namespace, model, mode } = fields(fields(metadata).orch)
  if (typeof id !== 'string' || typeof namespace !== 'string') return null
  return { id, namespace, model: textOrNull(model), mode: textOrNull(mode) }
}

/** The sessions that are not idle, by session id; `null` when the answer is something else. */
export function parseStatuses(value: unknown): ReadonlyMap<string, Status> | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null
  const entries = Object.entries(value).flatMap(([id, raw]): [string, Status][] => {
    const status = parseStatus(raw)
    return status === null ? [] : [[id, status]]
  })
  return new Map(entries)
}

/** One status; `null` when it is idle. */
export function parseStatus(value: unknown): Status | null {
  const { type, attempt, message } = fields(value)
  if (type === 'retry') return { type, attempt: number(attempt) ?? 1, message: text(message) }
  return type === 'busy' ? { type } : null
}

/** A message with its parts, as the list and the single look give it; `null` when it is none. */
export function parseMessage(value: unknown): StoredMessage | null {
  const { info, parts } = fields(value)
  const all = Array.isArray(parts) ? parts : []
  return parseMessageInfo(
    info,
    all.flatMap((part) => parsePart(part) ?? []),
  )
}

/** A message as an event announces it, without parts unless they are known. */
export function parseMessageInfo(value: unknown, parts: readonly Part[] = []): StoredMessage | null {
  const raw = fields(value)
  const { id, role } = raw
  if (typeof id !== 'string' || (role !== 'user' && role !== 'assistant')) return null
  const time = fields(raw.time)
  return {
    id,
    role,
    parentId: textOrNull(raw.parentID),
    createdAt: number(time.created) ?? 0,
    completedAt: number(time.completed),
    finish: textOrNull(raw.finish),
    error: parseError(raw.error),
    model: parseModelId(raw),
    usage: parseUsage(raw),
    parts,
  }
}

/** A part; `null` when it is none. */
export function parsePart(value: unknown): Part | null {
  const raw = fields(value)
  const { id, messageID, type } = raw
  if (typeof id !== 'string' || typeof messageID !== 'string') return null
  const state = fields(raw.state)
  const time = fields(type === 'tool' ? state.time : raw.time)
  return {
    id,
    messageId: messageID,
    type: type === 'text' || type === 'reasoning' || type === 'tool' ? type : 'other',
    isSynthetic: raw.synthetic === true || raw.ignored === true,
    text: text(raw.text),
    tag: textOrNull(fields(fields(raw.metadata).orch).message),
    startedAt: number(time.start),
    endedAt: number(time.end),
    tool: type === 'tool' ? parseTool(raw, state) : null,
  }
}

/** Open permissions or questions; `null` when the answer is something else. */
export function parseRequests(kind: OpenRequest['kind'], value: unknown): OpenRequest[] | null {
  if (!Array.isArray(value)) return null
  return value.flatMap((each) => {
    const raw = fields(each)
    if (typeof raw.id !== 'string' || typeof raw.sessionID !== 'string') return []
    return {
      id: raw.id,
      sessionId: raw.sessionID,
      kind,
      permission: text(raw.permission),
      patterns: texts(raw.patterns),
      metadata: fields(raw.metadata),
      always: texts(raw.always),
      questions: (Array.isArray(raw.questions) ? raw.questions : []).map((question) => ({
        text: text(fields(question).question),
        labels: options(question).map((option) => text(fields(option).label)),
      })),
    }
  })
}

/** An agent definition; `null` when it is none. */
export function parseDefinition(value: unknown): AgentDefinition | null {
  const { name, mode, hidden, permission } = fields(value)
  if (typeof name !== 'string') return null
  const rules = (Array.isArray(permission) ? permission : []).map((rule) => {
    const { permission, pattern, action } = fields(rule)
    return { permission: text(permission), pattern: text(pattern), action: text(action) }
  })
  return { name, isPrimary: hidden !== true && mode !== 'subagent', isSubagent: mode !== 'primary', rules }
}

function parseTool(raw: Fields, state: Fields): ToolPart {
  const { status } = state
  const known = status === 'pending' || status === 'running' || status === 'completed' || status === 'error'
  const metadata = fields(state.metadata)
  return {
    name: text(raw.tool),
    callId: text(raw.callID),
    status: known ? status : 'pending',
    input: fields(state.input),
    output: textOrNull(state.output) ?? textOrNull(state.error) ?? textOrNull(metadata.output),
    isShortened: metadata.truncated === true,
    diff: textOrNull(metadata.diff),
    newFile: metadata.exists === false ? textOrNull(metadata.filepath) : null,
    subagentId: metadata.parentSessionId === undefined ? null : textOrNull(metadata.sessionId),
  }
}

function parseSessionModel(value: unknown): string | null {
  const { providerID, id } = fields(value)
  return typeof providerID === 'string' && typeof id === 'string' ? `${providerID}/${id}` : null
}

function parseModelId({ providerID, modelID }: Fields): ModelId | null {
  return typeof providerID === 'string' && typeof modelID === 'string' ? { providerID, modelID } : null
}

function parseUsage({ cost, tokens }: Fields): UsageCounts {
  const counts = fields(tokens)
  const cache = fields(counts.cache)
  return {
    inputTokens: number(counts.input),
    outputTokens: number(counts.output),
    reasoningTokens: number(counts.reasoning),
    cacheReadTokens: number(cache.read),
    cacheWriteTokens: number(cache.write),
    costUsd: number(cost),
  }
}

function parseError(value: unknown): StoredMessage['error'] {
  const { name, data } = fields(value)
  if (typeof name !== 'string') return null
  return { name, text: text(fields(data).message) || name }
}

function options(question: unknown): readonly unknown[] {
  const { options } = fields(question)
  return Array.isArray(options) ? options : []
}

/** The fields of a JSON object; none of anything else. */
export function fields(value: unknown): Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
