import {
  type AgentRef,
  type AgentRequest,
  type Field,
  type Found,
  type JsonValue,
  NOT_SHOWN,
  type Observation,
  type ObserveResult,
  type Reason,
  recheck,
  type Turn,
} from '@orch/core'
import type { Api } from './client/api.ts'
import type { Context } from './context.ts'
import { type Families, familiesOf, familyOf, usageOf } from './family.ts'
import { known, reasonOf, seen, unknown } from './fields.ts'
import { toFound } from './find.ts'
import { type Facts, factsJson, parseFacts, parseHandle } from './handle.ts'
import type { OpenRequest, Session, Status } from './parse.ts'
import { toAgentRequest } from './requests.ts'
import { decideTurn, type TurnDecision } from './turn.ts'
import { isYoung } from './turn-rules.ts'

/** How many of the newest messages are read to see how a turn ended. */
const NEWEST_MESSAGES = 20
/** For so long an end that is not clear yet is looked at again, in milliseconds: an abort needs up to 260. */
const UNCLEAR_MS = 1_000

/** Why no process is reported. */
export const NO_PROCESS: Reason = { code: NOT_SHOWN, text: 'Agents of an OpenCode server have no process of their own' }

const GONE: Reason = { code: 'GONE', text: 'The session is not on the server any more' }

/** A server that answers, with the families of its sessions and what was seen of some directories. */
interface ServerView {
  readonly api: Api
  readonly families: Families
  readonly directories: ReadonlyMap<string, Promise<DirectoryView>>
}

/** The agents of a look that may have an open turn. */
interface OpenTurns {
  readonly open: readonly { readonly session: Session | null }[]
  readonly families: Families
  /** The look is at more than one agent. */
  readonly isOfMany: boolean
}

/** Status and requests of one directory. */
interface DirectoryView {
  readonly statuses: ReadonlyMap<string, Status>
  readonly requests: readonly OpenRequest[]
}

/**
 * Looks at a server that answers, with the list of all its sessions: status and requests only of directories that may hold an open
 * turn; one read of messages per turn end that core does not hold yet.
 */
export async function observeServer(
  context: Context,
  { api, sessions }: { readonly api: Api; readonly sessions: readonly Session[] },
  target: JsonValue,
  refs: readonly AgentRef[],
): Promise<ObserveResult> {
  const byId = new Map(sessions.map((session) => [session.id, session]))
  const located = await Promise.all(refs.map((ref) => locate(context, api, byId, ref)))
  const open = located.filter(({ session, ref }) => session !== null && mayBeOpen(session, ref))
  const names = [...new Set(open.flatMap(({ session }) => session?.directory ?? []))]
  const families = familiesOf(sessions)
  const turns: OpenTurns = { open, families, isOfMany: refs.length > 1 }
  const directories = new Map(names.map((name) => [name, lookAtDirectory(api, name, turns)]))
  const view: ServerView = { api, families, directories }
  const observations = await Promise.all(
    located.map(({ ref, session }) => (session === null ? gone(ref) : observeSession(view, ref, session))),
  )
  const { version, epoch } = api.server
  return {
    observations,
    found: sessions.flatMap((session): Found[] => toFound(session, target, context.host.namespace)),
    complete: observations.every(wasSeen),
    server: { ok: true, version, epoch, error: null },
  }
}

/** Of a session that is provably gone nothing else can be seen. */
function wasSeen({ existence, turn, requests }: Observation): boolean {
  return (existence.known && existence.value !== 'present') || (turn.known && requests.known)
}

/** The agent's session; one that is not in the list may have been put away, which ends the agent, or be gone. */
async function locate(
  { host }: Context,
  api: Api,
  sessions: ReadonlyMap<string, Session>,
  ref: AgentRef,
): Promise<{ readonly ref: AgentRef; readonly session: Session | null }> {
  const handle = parseHandle(ref.handle)
  const isIt = ({ tag }: Session): boolean => tag?.id === ref.id && tag.namespace === host.namespace
  const listed = handle === null ? [...sessions.values()].find(isIt) : sessions.get(handle.sessionId)
  if (listed !== undefined || handle === null) return { ref, session: listed ?? null }
  const session = await api.session(handle.sessionId)
  return { ref, session: session?.archivedAt === null ? session : null }
}

function mayBeOpen(session: Session, ref: AgentRef): boolean {
  if (ref.attempts.length > 0) return true
  return session.begun !== 'no' && parseFacts(ref)?.updatedAt !== session.updatedAt
}

/**
 * Requests count only when some agent's session, or a subagent of it, is at work there. A look at many asks for both at once, which
 * saves a round trip; a look at one mostly comes right after the end of a turn, when nothing is to be asked for.
 */
async function lookAtDirectory(
  api: Api,
  directory: string,
  { open, families, isOfMany }: OpenTurns,
): Promise<DirectoryView> {
  const early = isOfMany ? api.requests(directory) : null
  early?.catch(() => {})
  const statuses = await api.statuses(directory)
  const isAtWork = open.some(
    ({ session }) => session !== null && familyOf(session, families).some(({ id }) => statuses.has(id)),
  )
  return { statuses, requests: isAtWork ? await (early ?? api.requests(directory)) : [] }
}

async function observeSession(view: ServerView, ref: AgentRef, session: Session): Promise<Observation> {
  const evidence = seen(`session "${session.id}" is on the server "${view.api.server.url}"`)
  const base = {
    id: ref.id,
    at: evidence.at,
    existence: known('present' as const, evidence),
    process: unknown(NO_PROCESS),
    lastActivityAt: known(new Date(session.updatedAt).toISOString(), evidence),
    usage: known(usageOf(session, view.families), evidence),
    ...(session.model !== null && { model: session.model }),
  }
  const facts = parseFacts(ref)
  if (!mayBeOpen(session, ref)) {
    const last = session.begun === 'no' ? null : facts
    const turn: Turn = last?.turn ?? { status: 'none' }
    const said = last === null ? 'holds no message' : `${last.evidence}; it has not changed since`
    const unchanged = seen(`session "${session.id}" ${said}`)
    return { ...base, turn: known(turn, unchanged), requests: known([], unchanged) }
  }
  try {
    const directory = await view.directories.get(session.directory)
    if (directory === undefined) throw new TypeError(`Directory "${session.directory}" was not looked at`)
    const decision = await decide(view.api, session, ref, directory.statuses.get(session.id))
    const requests = decision.turn.status === 'running' ? openRequests(view, session, directory) : []
    return { ...base, ...fieldsOf(decision, session, facts), requests: known(requests, seenRequests(requests)) }
  } catch (error) {
    const reason = reasonOf(error)
    return { ...base, turn: unknown(reason), requests: unknown(reason) }
  }
}

/**
 * Reads what is needed to decide; what may be a mixture of two instants is looked at again. While a turn runs, whoever sends
 * still looks for his message himself; only one that was sent long ago is looked for here.
 */
async function decide(api: Api, session: Session, ref: AgentRef, first: Status | undefined): Promise<TurnDecision> {
  const address = { sessionId: session.id, directory: session.directory }
  let status = first
  let last: TurnDecision | undefined
  const look = async (): Promise<TurnDecision | undefined> => {
    if (last !== undefined) status = (await api.statuses(session.directory)).get(session.id)
    const isNeeded = status === undefined || ref.attempts.some(({ at }) => !isYoung(Date.parse(at), Date.now()))
    const page = isNeeded ? await api.messages(address, NEWEST_MESSAGES) : null
    last = decideTurn({
      status,
      messages: page?.messages ?? null,
      attempts: ref.attempts,
      serverStartedAt: api.server.startedAt,
      now: Date.now(),
    })
    return last.lookAgain ? undefined : last
  }
  const clear = await recheck(look, { timeoutMs: UNCLEAR_MS, everyMs: 100 })
  return clear ?? (last as TurnDecision)
}

function fieldsOf(
  { turn, evidence, isSettled, arrived }: TurnDecision,
  { id, updatedAt }: Session,
  old: Facts | null,
): Pick<Observation, 'turn' | 'facts' | 'arrived'> {
  const isNew = isSettled && (old?.updatedAt !== updatedAt || JSON.stringify(old.turn) !== JSON.stringify(turn))
  return {
    turn: known(turn, seen(`session "${id}" ${evidence}`)),
    ...(isNew && { facts: factsJson({ updatedAt, turn, evidence }) }),
    ...(arrived.length > 0 && { arrived }),
  }
}

/** An abort leaves its requests listed: only those of sessions at work are open. */
function openRequests(
  { families }: ServerView,
  session: Session,
  { statuses, requests }: DirectoryView,
): AgentRequest[] {
  const now = Date.now()
  return familyOf(session, families).flatMap((member) => {
    if (!statuses.has(member.id)) return []
    const from = member === session ? null : member.title
    return requests.filter(({ sessionId }) => sessionId === member.id).map((each) => toAgentRequest(each, from, now))
  })
}

function seenRequests(requests: readonly AgentRequest[]): ReturnType<typeof seen> {
  return seen(requests.length === 0 ? 'the server lists no open request' : `the server lists "${requests[0]?.id}"`)
}

function gone(ref: AgentRef): Observation {
  const evidence = seen('the session is not on the server, or was put away')
  const field: Field<never> = unknown(GONE)
  return {
    id: ref.id,
    at: evidence.at,
    existence: known('gone', evidence),
    process: unknown(NO_PROCESS),
    turn: field,
    requests: field,
    lastActivityAt: field,
    usage: field,
  }
}
