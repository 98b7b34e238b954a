import { type AgentRef, type Item, type JsonValue, type ReadQuery, type ReadResult, withDeadline } from '@orch/core'
import type { Api, SessionAddress } from './client/api.ts'
import { type Context, reach } from './context.ts'
import { parseHandle } from './handle.ts'
import { itemsOf } from './items.ts'
import type { StoredMessage } from './parse.ts'
import { turnUsages } from './turn-usage.ts'

/** The most messages that one request asks for. */
const PAGE = 200
/** How many of the newest messages are read to see what turns used. */
const TURNS_PAGE = 100
/** How large the context of a model is, is worth so many milliseconds: the list of models may be long. */
const LIMITS_MS = 1_500

/** A page of the conversation. Reads no more of it than the page needs. @throws OrchError when no server answers. */
export async function read(
  context: Context,
  agent: AgentRef,
  query: ReadQuery,
  signal: AbortSignal,
): Promise<ReadResult> {
  const handle = parseHandle(agent.handle)
  const api = await reach(context, agent.target, signal)
  if (handle === null) return nothing('NO_HANDLE', 'It was never recorded where this agent is')
  const position = query.before === null ? null : parseCursor(query.before)
  const partial = position === null ? null : await api.message(handle, position.messageId)
  const collected = partial === null ? [] : itemsOf(partial, query.raw)
  const end = position === null ? -1 : collected.findIndex(({ id }) => id === position.partId)
  const newest: Piece[] = collected
    .slice(0, Math.max(end, 0))
    .map((item) => ({ item, message: partial as StoredMessage }))
  const reading: Reading = { api, address: handle, query, before: position?.before }
  if (!query.turns) return (await collect(reading, newest)).page
  const [{ page, messages }, sessions, contextLimits] = await Promise.all([
    collect(reading, newest),
    api.sessions(),
    readContextLimits(context, api, { directory: handle.directory, signal }),
  ])
  return page.gap !== null ? page : { ...page, turns: turnUsages({ messages, sessions, contextLimits }, query.turns) }
}

/** Without them the rest is still told. */
async function readContextLimits(
  context: Context,
  { server }: Api,
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, number>> {
  try {
    return await withDeadline(LIMITS_MS, signal, (limited) => context.api(server, limited).contextLimits(directory))
  } catch {
    signal.throwIfAborted()
    return new Map()
  }
}

interface Piece {
  readonly item: Item
  readonly message: StoredMessage
}

interface Reading {
  readonly api: Api
  readonly address: SessionAddress
  readonly query: ReadQuery
  /** The server's cursor; `undefined` for the newest page. */
  readonly before: string | undefined
}

interface Collected {
  readonly page: ReadResult
  /** The messages that were read for it, oldest first. */
  readonly messages: readonly StoredMessage[]
}

/** Reads back until there are items enough and, where turns are asked for, the newest turn is whole. */
async function collect({ api, address, query, before: start }: Reading, newest: Piece[]): Promise<Collected> {
  let pieces = newest
  let messages: readonly StoredMessage[] = []
  let before: string | null | undefined = start
  const isEnough = (): boolean =>
    pieces.length >= query.last && (!query.turns || messages.some(({ role }) => role === 'user'))
  while (!isEnough() && before !== null) {
    const limit = Math.min(PAGE, Math.max(query.turns ? TURNS_PAGE : 4, query.last - pieces.length))
    const page = await api.messages(address, limit, before)
    if (page === null) return { page: nothing('GONE', 'The session is not on the server any more'), messages }
    messages = [...page.messages, ...messages]
    const older = page.messages.flatMap((message) => itemsOf(message, query.raw).map((item) => ({ item, message })))
    pieces = [...older, ...pieces]
    before = page.before
  }
  const shown = pieces.slice(Math.max(0, pieces.length - query.last))
  const isWhole = before === null && shown.length === pieces.length
  const first = shown[0]
  const cursor = first === undefined || isWhole ? null : cursorAt(first)
  return { page: { items: shown.map(({ item }) => item), before: cursor, gap: null }, messages }
}

/** A cursor names the item before which to go on. */
function cursorAt({ item, message }: Piece): string {
  return `${message.createdAt}.${message.id}.${item.id}`
}

/** The server's own cursor is the message before which a page ends, as base64url of `{ id, time }`. */
function parseCursor(cursor: string): { readonly messageId: string; readonly partId: string; readonly before: string } {
  const [time, messageId, partId] = cursor.split('.')
  if (time === undefined || messageId === undefined || partId === undefined || !/^\d+$/.test(time)) {
    throw new RangeError(`Cannot read before "${cursor}": this is no cursor`)
  }
  const key: JsonValue = { id: messageId, time: Number(time) }
  return { messageId, partId, before: Buffer.from(JSON.stringify(key)).toString('base64url') }
}

function nothing(code: string, text: string): ReadResult {
  return { items: [], before: null, gap: { code, text } }
}
