import { type AgentRef, isOrchError, type Message, type Reason, type Receipt, recheck, TIMING } from '@orch/core'
import type { Api, FilePart, SessionAddress } from './client/api.ts'
import type { Server } from './client/server.ts'
import type { Context } from './context.ts'
import { seen } from './fields.ts'
import { fileParts } from './file-parts.ts'
import { type Handle, parseHandle } from './handle.ts'
import { parseModel } from './model.ts'
import type { Session, Status } from './parse.ts'
import type { Arrival } from './streams.ts'

/** How many of the newest messages are searched for the one just sent. */
const NEWEST_MESSAGES = 10

/** A server that takes long to store a message is busy, and asked less and less often, in milliseconds. */
const BUSY_MS = 1_000

/** The server answers 204 first and reads the files then: a message with an image that it cannot read vanishes. */
const NOT_STORED: Reason = {
  code: 'NOT_STORED',
  text: 'The server took the message and its session does not hold it, as when it cannot read an image',
}

/** How long a message whose answer was lost is looked for, in milliseconds. */
const LOST_ANSWER_MS = 5_000

/**
 * Gives the agent a message and waits until its session holds it. The server must not be given a message id (it would
 * append to a message that exists), so the text carries the id in its metadata and is found by it.
 */
export async function deliver(
  context: Context,
  agent: AgentRef,
  message: Message,
  signal: AbortSignal,
): Promise<Receipt> {
  const files = await fileParts(message.attachments)
  const handle = parseHandle(agent.handle)
  if (handle === null) return refused('NO_HANDLE', 'It was never recorded where this agent is')
  const { api, session, statuses } = await lookAtSession(context, agent, handle, signal)
  if (session === null) return refused('GONE', 'The session is not on the server any more')
  if (session.archivedAt !== null) return refused('GONE', 'The session was put away')
  if (session.tag !== null && session.tag.id !== agent.id) {
    return refused('WRONG_AGENT', `The session belongs to agent "${session.tag.id}"`)
  }
  // barrier: opencode-session-seen
  const address = { sessionId: session.id, directory: session.directory }
  const arrival = context.streams.expect(agent.target, message.id)
  try {
    return await prompt({ api, address, handle, isBusy: statuses.has(session.id), files, arrival }, message, signal)
  } finally {
    arrival?.forget()
  }
}

interface SessionLook {
  readonly api: Api
  /** `null`: the server does not know it. */
  readonly session: Session | null
  /** Of the session's directory. */
  readonly statuses: ReadonlyMap<string, Status>
}

/** A server that answered before and is ending now is looked for again, and started when it has ended. */
async function lookAtSession(
  { connector, api: apiOf }: Context,
  { target }: AgentRef,
  { sessionId, directory }: Handle,
  signal: AbortSignal,
): Promise<SessionLook> {
  const look = async (server: Server): Promise<SessionLook> => {
    const api = apiOf(server, signal)
    const [session, statuses] = await Promise.all([api.session(sessionId), api.statuses(directory)])
    return { api, session, statuses }
  }
  const current = connector.current(target)
  const shown =
    current &&
    (await look(current).catch((error: unknown) => {
      if (isOrchError(error) && error.code === 'BACKEND_UNREACHABLE') return null
      throw error
    }))
  return shown ?? look(await connector.ensure(target, signal))
}

interface Delivery {
  readonly api: Api
  readonly address: SessionAddress
  readonly handle: Handle
  readonly isBusy: boolean
  readonly files: readonly FilePart[]
  /** `null` when this process does not hear what the server says. */
  readonly arrival: Arrival | null
}

async function prompt(delivery: Delivery, message: Message, signal: AbortSignal): Promise<Receipt> {
  const { api, address, handle, isBusy, files, arrival } = delivery
  const { model, mode } = handle
  try {
    const { id: tag, text } = message
    const body = { tag, text, model: model === null ? null : parseModel(model), agent: mode, files }
    if (!(await api.prompt(address, body))) return refused('GONE', 'The session is not on the server any more')
  } catch (error) {
    if (!isOrchError(error) || error.outcome !== 'unknown') throw error
    const look = (): Promise<string | undefined> => findMessage(api, address, message.id)
    const stored = await recheck(look, { timeoutMs: LOST_ANSWER_MS, mostMs: BUSY_MS, signal }).catch(() => undefined)
    signal.throwIfAborted()
    if (stored !== undefined) return receipt(message, isBusy ? 'queued' : 'confirmed', stored)
    return unconfirmed(message, { code: error.code, text: error.message })
  }
  // barrier: opencode-prompt-taken
  if (arrival !== null) await within(BUSY_MS, arrival.heard, signal)
  const look = (): Promise<string | undefined> => findMessage(api, address, message.id)
  const options = { timeoutMs: TIMING.inFlightMs, mostMs: BUSY_MS, signal }
  const stored = await recheck(look, options).catch((error: unknown) => {
    signal.throwIfAborted()
    if (!isOrchError(error)) throw error
  })
  if (stored !== undefined) return receipt(message, isBusy ? 'queued' : 'confirmed', stored)
  if (files.length > 0) return unconfirmed(message, NOT_STORED)
  return receipt(message, 'accepted', 'the server took the message; its session was not seen to hold it')
}

/** Waits for something, but not for long. */
async function within(ms: number, something: Promise<void>, signal: AbortSignal): Promise<void> {
  let isOver = false
  const wake = async (): Promise<void> => {
    await something
    isOver = true
  }
  await recheck(() => isOver || undefined, { timeoutMs: ms, everyMs: ms, signal, wake })
}

/** What the session shows of the message with this tag; `undefined` when it does not hold it yet. */
async function findMessage(api: Api, address: SessionAddress, tag: string): Promise<string | undefined> {
  const page = await api.messages(address, NEWEST_MESSAGES)
  const stored = page?.messages.find(({ parts }) => parts.some((part) => part.tag === tag))
  return stored === undefined ? undefined : `session "${address.sessionId}" holds it as message "${stored.id}"`
}

function receipt(message: Message, delivery: Receipt['delivery'], detail: string): Receipt {
  const evidence = seen(detail)
  return { messageId: message.id, delivery, reason: null, evidence: [evidence], at: evidence.at }
}

function unconfirmed({ id }: Message, reason: Reason): Receipt {
  return { messageId: id, delivery: 'unconfirmed', reason, evidence: [], at: new Date().toISOString() }
}

function refused(code: string, text: string): Receipt {
  const at = new Date().toISOString()
  return { messageId: null, delivery: 'refused', reason: { code, text }, evidence: [], at }
}
