import type { UsageCounts } from '@orch/core'
import { parseUsage } from './parse-message.ts'
import { fields, number, text, textOrNull, texts } from './raw.ts'

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
  /** The agent definition of the newest message; `null` before the first. */
  readonly mode: string | null
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
  /** Whether orch took the session over: its task was given by whoever made it. */
  readonly adopted?: boolean
}

/** A session that is not idle. */
export type Status =
  | { readonly type: 'busy' }
  | { readonly type: 'retry'; readonly attempt: number; readonly message: string }

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
    mode: textOrNull(raw.agent),
    usage: parseUsage(raw),
  }
}

function parseTag(metadata: unknown): Tag | null {
  const { id, namespace, model, mode, adopted } = fields(fields(metadata).orch)
  if (typeof id !== 'string' || typeof namespace !== 'string') return null
  return { id, namespace, model: textOrNull(model), mode: textOrNull(mode), ...(adopted === true && { adopted }) }
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

function parseSessionModel(value: unknown): string | null {
  const { providerID, id } = fields(value)
  return typeof providerID === 'string' && typeof id === 'string' ? `${providerID}/${id}` : null
}

function options(question: unknown): readonly unknown[] {
  const { options } = fields(question)
  return Array.isArray(options) ? options : []
}
