import type { AgentRef, Item, ReadQuery, ReadResult } from '@orch/core'
import type { Api, MessagePage } from './client/api.ts'
import { type Context, reach } from './context.ts'
import { parseHandle } from './handle.ts'
import { itemsOf } from './items.ts'
import type { StoredMessage } from './parse-message.ts'
import { comparePlaces, type PlaceInTime, placeInTime } from './place-in-time.ts'
import { readTurns } from './read-turns.ts'

/** The most messages that one request asks for. */
const PAGE = 200

/**
 * A page of the conversation, what its subagents said among it, in the order in which it was said. Reads no more of it
 * than the page needs. @throws OrchError when no server answers.
 */
export async function read(
  context: Context,
  agent: AgentRef,
  query: ReadQuery,
  signal: AbortSignal,
): Promise<ReadResult> {
  const handle = parseHandle(agent.handle)
  const api = await reach(context, agent.target, signal)
  if (handle === null) return nothing('NO_HANDLE', 'It was never recorded where this agent is')
  const end = query.before === null ? null : parseCursor(query.before)
  const own = sourceOf(handle.sessionId, end, Number.POSITIVE_INFINITY)
  const reading = collect({ api, directory: handle.directory, query, end, own, sources: [own] })
  if (!query.turns) return reading
  const [page, turns] = await Promise.all([
    reading,
    readTurns(context, { api, address: handle, last: query.turns }, signal),
  ])
  return page.gap === null ? { ...page, turns } : page
}

interface Piece {
  readonly item: Item
  readonly place: PlaceInTime
}

/** One session, read from its end backwards. */
interface Source {
  readonly sessionId: string
  readonly pieces: Piece[]
  /** The server's cursor for the next page; `undefined` for the newest one, `null` when there is no more. */
  before: string | null | undefined
  /** Everything made later than this is known; milliseconds since 1970. */
  knownAfter: number
  /** Its title, once it was asked for. */
  title: string | null
}

interface Reading {
  readonly api: Api
  readonly directory: string
  readonly query: ReadQuery
  /** Only what lies before this is wanted. */
  readonly end: PlaceInTime | null
  /** The agent's own session; the others are of subagents. */
  readonly own: Source
  readonly sources: Source[]
}

function sourceOf(sessionId: string, end: PlaceInTime | null, knownAfter: number): Source {
  const before = end === null ? undefined : serverCursor(end.at + 1)
  return { sessionId, pieces: [], before, knownAfter, title: null }
}

async function collect(reading: Reading): Promise<ReadResult> {
  const { query, sources, own } = reading
  for (;;) {
    const next = sources.reduce((latest, source) => (source.knownAfter > latest.knownAfter ? source : latest), own)
    const known = knownPieces(reading, next.knownAfter)
    const missing = query.last - known.length
    if (missing <= 0 || next.before === null) return pageOf(known, query.last, next.before === null)
    const page = await readOlder(reading, next, Math.min(PAGE, Math.max(4, missing + 1)))
    if (page === null && next === own) return nothing('GONE', 'The session is not on the server any more')
  }
}

function knownPieces({ sources, end }: Reading, after: number): Piece[] {
  return sources
    .flatMap(({ pieces }) => pieces)
    .filter(({ place }) => place.at > after && (end === null || comparePlaces(place, end) < 0))
    .sort((a, b) => comparePlaces(a.place, b.place))
}

function pageOf(known: readonly Piece[], last: number, isAll: boolean): ReadResult {
  const shown = known.slice(-last)
  const first = shown[0]
  const isWhole = first === undefined || (isAll && shown.length === known.length)
  return { items: shown.map(({ item }) => item), before: isWhole ? null : cursorAt(first.place), gap: null }
}

async function readOlder(reading: Reading, source: Source, limit: number): Promise<MessagePage | null> {
  const { api, directory, own, query } = reading
  const { sessionId } = source
  const isNamed = source === own || source.title !== null
  const [page, session] = await Promise.all([
    api.messages({ sessionId, directory }, limit, source.before ?? undefined),
    isNamed ? null : api.session(sessionId),
  ])
  source.title ??= session?.title ?? 'subagent'
  source.before = page?.before ?? null
  const from = source === own ? null : source.title
  const messages = page?.messages ?? []
  source.pieces.unshift(...messages.flatMap((message) => piecesOf(message, query.raw, from)))
  source.knownAfter = source.before === null ? Number.NEGATIVE_INFINITY : knownAfter(source, messages)
  for (const message of messages.toReversed()) addSubagents(reading, message)
  return page
}

function piecesOf(message: StoredMessage, raw: boolean, from: string | null): Piece[] {
  return itemsOf(message, raw, from).map((item) => ({ item, place: placeInTime(item.id, message.createdAt) }))
}

/** Answers follow each other, but the one before the first of a page may have gone on while messages were sent. */
function knownAfter({ knownAfter }: Source, messages: readonly StoredMessage[]): number {
  return messages.find(({ role }) => role === 'assistant')?.createdAt ?? knownAfter
}

/** A subagent says nothing after the last call that runs it has ended, so it is read only when that call is come to. */
function addSubagents({ sources, end }: Reading, { parts, createdAt }: StoredMessage): void {
  for (const { id, tool, endedAt } of parts.toReversed()) {
    const sessionId = tool?.subagentId ?? null
    if (sessionId === null || sources.some((source) => source.sessionId === sessionId)) continue
    if (end !== null && comparePlaces(placeInTime(id, createdAt), end) > 0) continue
    sources.push(sourceOf(sessionId, end, endedAt ?? Number.POSITIVE_INFINITY))
  }
}

/** A cursor names the item before which to go on. */
function cursorAt({ at, id }: PlaceInTime): string {
  return `${at}.${id}`
}

function parseCursor(cursor: string): PlaceInTime {
  const [at, id] = cursor.split('.')
  if (at === undefined || id === undefined || !/^\d{1,15}$/.test(at)) {
    throw new RangeError(`Cannot read before "${cursor}": this is no cursor`)
  }
  return { at: Number(at), id }
}

/** The server's own cursor is the message before which a page ends, as base64url of `{ id, time }`; any will do. */
function serverCursor(time: number): string {
  return Buffer.from(JSON.stringify({ id: 'msg_', time })).toString('base64url')
}

function nothing(code: string, text: string): ReadResult {
  return { items: [], before: null, gap: { code, text } }
}
