import { createHash } from 'node:crypto'
import { type BackendEvent, type Reason, sanitize } from '@orch/core'
import { createDeltaOrder, type DeltaPlace } from './delta-order.ts'
import { itemOf } from './items.ts'
import { parseSession, parseStatus } from './parse.ts'
import { type Part, parseMessageInfo, parsePart, type StoredMessage } from './parse-message.ts'
import { fields } from './raw.ts'
import type { Kin } from './streams.ts'
import { isFinalAnswer } from './turn-rules.ts'

/** Turns the server's events into those of the contract. */
export interface Translator {
  /** What an event means for the agents that are followed; nothing for most. */
  translate(event: unknown): Promise<BackendEvent[]>
  /** Learns which sessions are subagents of which, and forgets what may have changed unseen. */
  reset(sessions: readonly Kin[]): void
}

/** A session and the agent that it is of. */
export interface SessionOf {
  readonly agent: string
  readonly sessionId: string
}

/** What a translator depends on. */
export interface TranslatorOptions {
  /** Agent ids by session id. */
  readonly agents: ReadonlyMap<string, string>
  /** Where they work. */
  readonly directories: ReadonlySet<string>
  readonly content: boolean
  readonly raw: boolean
  /** Reads a message of an agent or of its subagent whose announcement was missed; `null` when it is not there. */
  lookUp(place: SessionOf, messageId: string): Promise<StoredMessage | null>
}

const REQUEST_EVENTS = new Set([
  'permission.asked',
  'permission.replied',
  'question.asked',
  'question.replied',
  'question.rejected',
])

const OUT_OF_ORDER: Reason = { code: 'OUT_OF_ORDER', text: 'Text came in another order than it was written' }

interface State extends TranslatorOptions {
  readonly parents: Map<string, string>
  /** Titles of subagents. */
  readonly titles: Map<string, string>
  readonly statuses: Map<string, string>
  readonly archived: Map<string, boolean>
  readonly ends: Set<string>
  readonly messages: Map<string, { readonly role: StoredMessage['role']; readonly at: number }>
  /** Digest of what was last announced of each part: the texts themselves may be large. */
  readonly announced: Map<string, string>
  readonly placeOf: (partId: string, eventId: unknown) => DeltaPlace
}

/** A translator for one server. Events must be given to it in their order, one after the other. */
export function createTranslator(options: TranslatorOptions): Translator {
  const state: State = {
    ...options,
    parents: new Map(),
    titles: new Map(),
    statuses: new Map(),
    archived: new Map(),
    ends: new Set(),
    messages: new Map(),
    announced: new Map(),
    placeOf: createDeltaOrder(),
  }
  return {
    translate: (event) => translate(state, event),
    reset(sessions) {
      state.statuses.clear()
      for (const session of sessions) learnParent(state, session)
    },
  }
}

async function translate(state: State, event: unknown): Promise<BackendEvent[]> {
  const { payload, directory } = fields(event)
  const { id, type, properties } = fields(payload)
  const body: Record<string, unknown> = { ...fields(properties), eventId: id }
  const sessionId = String(body.sessionID ?? '')
  const agent = state.agents.get(sessionId)
  if (typeof type !== 'string') return []
  const isClosed = type === 'server.instance.disposed' && state.directories.has(String(directory))
  if (type === 'global.disposed' || isClosed) {
    return [{ type: 'gap', agent: null, reason: { code: 'DISPOSED', text: 'The server closed an instance' } }]
  }
  if (REQUEST_EVENTS.has(type)) return changed(agentOf(state, sessionId))
  if (type === 'session.created' || type === 'session.updated') return sessionChanged(state, body, agent)
  if (agent === undefined) return ofSubagent(state, type, { agent: agentOf(state, sessionId), sessionId }, body)
  switch (type) {
    case 'session.status':
      return statusChanged(state, sessionId, body) ? changed(agent) : []
    case 'session.deleted':
    case 'session.error':
      return changed(agent)
    case 'message.updated':
      return messageUpdated(state, sessionId, body) ? changed(agent) : []
    default:
      return contentOf(state, type, { agent, sessionId, from: null }, body)
  }
}

/** What a subagent says is told as its agent's; its turns and messages are not. */
async function ofSubagent(
  state: State,
  type: string,
  { agent, sessionId }: { readonly agent: string | undefined; readonly sessionId: string },
  body: Record<string, unknown>,
): Promise<BackendEvent[]> {
  if (type === 'session.status') statusChanged(state, sessionId, body)
  if (agent === undefined) return []
  if (type === 'message.updated') messageUpdated(state, sessionId, body)
  return contentOf(state, type, { agent, sessionId, from: state.titles.get(sessionId) ?? 'subagent' }, body)
}

async function contentOf(
  state: State,
  type: string,
  place: Place,
  body: Record<string, unknown>,
): Promise<BackendEvent[]> {
  if (!state.content) return []
  if (type === 'message.part.updated') return partUpdated(state, place, parsePart(body.part))
  return type === 'message.part.delta' ? partDelta(state, place, body) : []
}

function learnParent({ parents, titles }: State, { id, parentId, title }: Kin): void {
  if (parentId === null) return
  parents.set(id, parentId)
  titles.set(id, title)
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
  learnParent(state, session)
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

interface Place extends SessionOf {
  /** Title of the subagent; `null` for the agent's own session. */
  readonly from: string | null
}

async function partUpdated(state: State, place: Place, part: Part | null): Promise<BackendEvent[]> {
  if (part === null || part.type === 'other') return []
  const message = await messageOf(state, place, part.messageId)
  const { raw } = state
  const item = message === null ? null : itemOf(part, message.role, { at: message.at, raw, from: place.from })
  if (item === null) return []
  const version = createHash('sha1').update(JSON.stringify(item)).digest('base64')
  if (state.announced.get(part.id) === version) return []
  state.announced.set(part.id, version)
  return [{ type: 'item', agent: place.agent, item }]
}

/** Deltas of reasoning look like those of text: the part must be known first. Of one that was begun before, text is missing. */
async function partDelta(state: State, place: Place, body: Record<string, unknown>): Promise<BackendEvent[]> {
  const { partID, messageID, field, delta, eventId } = body
  if (typeof partID !== 'string' || typeof messageID !== 'string' || typeof delta !== 'string') return []
  if (field !== 'text') return []
  const order = state.placeOf(partID, eventId)
  if (order === 'again') return []
  if (order === 'late') return [{ type: 'gap', agent: place.agent, reason: OUT_OF_ORDER }]
  const announcement: BackendEvent[] = []
  if (!state.announced.has(partID)) {
    const message = await state.lookUp(place, messageID)
    const part = message?.parts.find(({ id }) => id === partID) ?? null
    if (message !== null) state.messages.set(message.id, { role: message.role, at: message.createdAt })
    const begun = await partUpdated(state, place, part)
    announcement.push(...begun.map((event) => (event.type === 'item' ? withoutBeginning(event) : event)))
  }
  const text = state.raw ? delta : sanitize(delta)
  if (!state.announced.has(partID) || text === '') return announcement
  return [...announcement, { type: 'delta', agent: place.agent, itemId: partID, text }]
}

function withoutBeginning(event: Extract<BackendEvent, { type: 'item' }>): BackendEvent {
  return event.item.final ? event : { ...event, item: { ...event.item, truncated: true } }
}

async function messageOf(
  state: State,
  place: Place,
  messageId: string,
): Promise<{ readonly role: StoredMessage['role']; readonly at: number } | null> {
  const known = state.messages.get(messageId)
  if (known !== undefined) return known
  const message = await state.lookUp(place, messageId)
  if (message === null) return null
  const found = { role: message.role, at: message.createdAt }
  state.messages.set(messageId, found)
  return found
}
