import { type BackendEvent, sanitize } from '@orch/core'
import { itemOf } from './items.ts'
import {
  fields,
  type Part,
  parseMessageInfo,
  parsePart,
  parseSession,
  parseStatus,
  type Session,
  type StoredMessage,
} from './parse.ts'
import { isFinalAnswer } from './turn.ts'

/** Turns the server's events into those of the contract. */
export interface Translator {
  /** What an event means for the agents that are followed; nothing for most. */
  translate(event: unknown): Promise<BackendEvent[]>
  /** Learns which sessions are subagents of which, and forgets what may have changed unseen. */
  reset(sessions: readonly Session[]): void
}

/** What a translator depends on. */
export interface TranslatorOptions {
  /** Agent ids by session id. */
  readonly agents: ReadonlyMap<string, string>
  /** Where they work. */
  readonly directories: ReadonlySet<string>
  readonly content: boolean
  readonly raw: boolean
  /** Reads a message whose announcement was missed; `null` when it is not there. */
  lookUp(sessionId: string, messageId: string): Promise<StoredMessage | null>
}

const REQUEST_EVENTS = new Set([
  'permission.asked',
  'permission.replied',
  'question.asked',
  'question.replied',
  'question.rejected',
])

interface State extends TranslatorOptions {
  readonly parents: Map<string, string>
  readonly statuses: Map<string, string>
  readonly archived: Map<string, boolean>
  readonly ends: Set<string>
  readonly messages: Map<string, { readonly role: StoredMessage['role']; readonly at: number }>
  /** What was last announced of each part. */
  readonly announced: Map<string, string>
}

/** A translator for one server. Events must be given to it in their order, one after the other. */
export function createTranslator(options: TranslatorOptions): Translator {
  const state: State = {
    ...options,
    parents: new Map(),
    statuses: new Map(),
    archived: new Map(),
    ends: new Set(),
    messages: new Map(),
    announced: new Map(),
  }
  return {
    translate: (event) => translate(state, event),
    reset(sessions) {
      state.statuses.clear()
      for (const { id, parentId } of sessions) if (parentId !== null) state.parents.set(id, parentId)
    },
  }
}

async function translate(state: State, event: unknown): Promise<BackendEvent[]> {
  const { payload, directory } = fields(event)
  const { type, properties } = fields(payload)
  const body = fields(properties)
  const sessionId = String(body.sessionID ?? '')
  const agent = state.agents.get(sessionId)
  if (typeof type !== 'string') return []
  const isClosed = type === 'server.instance.disposed' && state.directories.has(String(directory))
  if (type === 'global.disposed' || isClosed) {
    return [{ type: 'gap', agent: null, reason: { code: 'DISPOSED', text: 'The server closed an instance' } }]
  }
  if (REQUEST_EVENTS.has(type)) return changed(agentOf(state, sessionId))
  if (type === 'session.created' || type === 'session.updated') return sessionChanged(state, body, agent)
  if (agent === undefined) {
    if (type === 'session.status') statusChanged(state, sessionId, body)
    return []
  }
  switch (type) {
    case 'session.status':
      return statusChanged(state, sessionId, body) ? changed(agent) : []
    case 'session.deleted':
    case 'session.error':
      return changed(agent)
    case 'message.updated':
      return messageUpdated(state, sessionId, body) ? changed(agent) : []
    case 'message.part.updated':
      return state.content ? partUpdated(state, { agent, sessionId }, parsePart(body.part)) : []
    case 'message.part.delta':
      return state.content ? partDelta(state, { agent, sessionId }, body) : []
    default:
      return []
  }
}

function changed(agent: string | undefined): BackendEvent[] {
  return agent === undefined ? [] : [{ type: 'changed', agent }]
}

/** The agent of a session, or of the one that started it as a subagent. */
function agentOf(state: State, sessionId: string): string | undefined {
  let id: string | undefined = sessionId
  for (const visited = new Set<string>(); id !== undefined && !visited.has(id); id = state.parents.get(id)) {
    const agent = state.agents.get(id)
    if (agent !== undefined) return agent
    visited.add(id)
  }
  return undefined
}

function sessionChanged(state: State, { info }: Record<string, unknown>, agent: string | undefined): BackendEvent[] {
  const session = parseSession(info)
  if (session === null) return []
  if (session.parentId !== null) state.parents.set(session.id, session.parentId)
  const isArchived = session.archivedAt !== null
  const wasArchived = state.archived.get(session.id) ?? false
  state.archived.set(session.id, isArchived)
  return isArchived === wasArchived ? [] : changed(agent)
}

/** `busy` comes again with every step of a turn and means nothing new. */
function statusChanged({ statuses }: State, sessionId: string, { status }: Record<string, unknown>): boolean {
  const now = JSON.stringify(parseStatus(status))
  const before = statuses.get(sessionId)
  statuses.set(sessionId, now)
  return now !== before
}

/** After an abort or error the end of the message comes after the idle status, so it is announced by itself. */
function messageUpdated(state: State, sessionId: string, { info }: Record<string, unknown>): boolean {
  const message = parseMessageInfo(info)
  if (message === null) return false
  state.messages.set(message.id, { role: message.role, at: message.createdAt })
  const status = state.statuses.get(sessionId)
  if (!isFinalAnswer(message) || (status !== undefined && status !== 'null') || state.ends.has(message.id)) return false
  state.ends.add(message.id)
  return true
}

interface Place {
  readonly agent: string
  readonly sessionId: string
}

async function partUpdated(state: State, { agent, sessionId }: Place, part: Part | null): Promise<BackendEvent[]> {
  if (part === null || part.type === 'other') return []
  const message = await messageOf(state, sessionId, part.messageId)
  const item = message === null ? null : itemOf(part, message.role, { at: message.at, raw: state.raw })
  if (item === null) return []
  const version = JSON.stringify(item)
  if (state.announced.get(part.id) === version) return []
  state.announced.set(part.id, version)
  return [{ type: 'item', agent, item }]
}

/** Deltas of reasoning look like those of text: the part must be known first. */
async function partDelta(state: State, place: Place, body: Record<string, unknown>): Promise<BackendEvent[]> {
  const { partID, messageID, field, delta } = body
  if (typeof partID !== 'string' || typeof messageID !== 'string' || typeof delta !== 'string') return []
  if (field !== 'text') return []
  const announcement: BackendEvent[] = []
  if (!state.announced.has(partID)) {
    const message = await state.lookUp(place.sessionId, messageID)
    const part = message?.parts.find(({ id }) => id === partID) ?? null
    if (message !== null) state.messages.set(message.id, { role: message.role, at: message.createdAt })
    announcement.push(...(await partUpdated(state, place, part)))
  }
  const text = state.raw ? delta : sanitize(delta)
  if (!state.announced.has(partID) || text === '') return announcement
  return [...announcement, { type: 'delta', agent: place.agent, itemId: partID, text }]
}

async function messageOf(
  state: State,
  sessionId: string,
  messageId: string,
): Promise<{ readonly role: StoredMessage['role']; readonly at: number } | null> {
  const known = state.messages.get(messageId)
  if (known !== undefined) return known
  const message = await state.lookUp(sessionId, messageId)
  if (message === null) return null
  const found = { role: message.role, at: message.createdAt }
  state.messages.set(messageId, found)
  return found
}
