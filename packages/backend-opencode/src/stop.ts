import {
  type AgentRef,
  type Evidence,
  type InterruptResult,
  isOrchError,
  OrchError,
  recheck,
  type StopProof,
} from '@orch/core'
import type { Api } from './client/api.ts'
import type { FoundProcess } from './client/process.ts'
import type { ServerLook } from './client/server.ts'
import type { ServerRecord } from './client/server-file.ts'
import { overEvidence, survivors } from './client/stop-server.ts'
import type { Context } from './context.ts'
import { familiesOf, familyOf } from './family.ts'
import { seen } from './fields.ts'
import { parseHandle } from './handle.ts'
import type { OpenRequest, Session } from './parse.ts'
import type { StoredMessage } from './parse-message.ts'

/** How long an abort may take to show, in milliseconds; measured: 62 to 262. */
const ABORT_MS = 10_000

/** Of how many messages that an abort drops it is told. */
const MOST_DROPPED = 19

/** Ends the running turn, if one runs, and proves it. Its open requests are rejected: an abort leaves them listed. */
export async function interrupt(context: Context, agent: AgentRef, signal: AbortSignal): Promise<InterruptResult> {
  const handle = parseHandle(agent.handle)
  const look = await context.connector.look(agent.target, signal)
  if (look.state === 'over') return { interrupted: false, evidence: [overEvidence(look.record)] }
  if (look.state === 'none' || handle === null) return { interrupted: false, evidence: [seen('there is no server')] }
  const api = context.api(look.server, signal)
  const session = await api.session(handle.sessionId)
  if (session === null) return { interrupted: false, evidence: [seen(`session "${handle.sessionId}" is not there`)] }
  const result = await abortTurn(api, session, signal)
  if (!result.interrupted) return result
  const page = await api.messages({ sessionId: session.id, directory: session.directory }, MOST_DROPPED + 1)
  return { ...result, dropped: droppedIn(page?.messages ?? []) }
}

/** An abort drops what waited behind the turn: all messages of the user that no answer follows. */
function droppedIn(messages: readonly StoredMessage[]): string[] {
  const newest = messages.findLastIndex(({ role }) => role === 'assistant')
  return messages
    .slice(newest + 1)
    .map(({ parts }) =>
      parts.flatMap(({ type, isSynthetic, text }) => (type === 'text' && !isSynthetic ? text : [])).join(' '),
    )
}

/**
 * Ends the turn and puts the session away, so that nothing goes on and the conversation stays readable. It is never
 * deleted: that would leave a running tool behind.
 */
export async function stop(context: Context, agent: AgentRef, signal: AbortSignal): Promise<StopProof> {
  const look = await lookToStop(context, agent, signal)
  if (look.state === 'over') return afterServer(look.record, agent)
  if (look.state === 'none') {
    return { proven: parseHandle(agent.handle) === null, evidence: [seen('no OpenCode server was ever started here')] }
  }
  const api = context.api(look.server, signal)
  const sessions = await sessionsOf(context, api, agent)
  if (sessions.length === 0) return { proven: true, evidence: [seen('the session is not on the server')] }
  const proofs = await Promise.all(sessions.map((session) => stopSession(api, session, signal)))
  const left = look.server.record === null ? [] : survivors(look.server.record)
  const named = left.filter((process) => isWithin(sessions[0]?.directory ?? agent.directory, process)).map(leftover)
  return {
    proven: proofs.every(({ proven }) => proven),
    evidence: [...proofs.flatMap(({ evidence }) => evidence), ...named],
  }
}

/** Where the server is over, a note says what is left to do: a server that starts now sees it, or is seen here. */
async function lookToStop({ connector }: Context, agent: AgentRef, signal: AbortSignal): Promise<ServerLook> {
  const first = await connector.look(agent.target, signal)
  const handle = parseHandle(agent.handle)
  if (first.state !== 'over' || handle === null) return first
  connector.putAwayLater(first.record, handle)
  // barrier: opencode-put-away-noted
  const second = await connector.look(agent.target, signal)
  if (second.state === 'up') connector.forgetPutAway(handle.sessionId)
  return second
}

async function sessionsOf({ host }: Context, api: Api, agent: AgentRef): Promise<Session[]> {
  const handle = parseHandle(agent.handle)
  if (handle !== null) return [await api.session(handle.sessionId)].filter((session) => session !== null)
  const isOwn = ({ tag }: Session): boolean => tag?.id === agent.id && tag.namespace === host.namespace
  return (await api.sessions()).filter(isOwn)
}

async function stopSession(api: Api, session: Session, signal: AbortSignal): Promise<StopProof> {
  const { interrupted, evidence } = await abortTurn(api, session, signal)
  // barrier: opencode-turn-ended
  const address = { sessionId: session.id, directory: session.directory }
  const archived = session.archivedAt === null ? await api.archiveSession(address) : session
  // barrier: opencode-session-archived
  const isIdle = async (): Promise<boolean> => !(await api.statuses(session.directory)).has(session.id)
  // A message that was on its way starts a turn even in a session that is put away.
  const late = (await isIdle()) ? null : await abortTurn(api, session, signal)
  const proven = late === null || (await isIdle())
  const state = archived === null ? 'is not on the server any more' : 'is put away and runs no turn'
  const proof = seen(`session "${session.id}" ${proven ? state : 'still runs a turn'}`)
  return { proven, evidence: [...(interrupted ? evidence : []), ...(late?.evidence ?? []), proof] }
}

/** The turns of the server ended with it; what they had started may live on and belongs to one of its agents. */
function afterServer(record: ServerRecord, agent: AgentRef): StopProof {
  const directory = parseHandle(agent.handle)?.directory ?? agent.directory
  const left = survivors(record).filter((process) => isWithin(directory, process))
  return { proven: left.length === 0, evidence: [overEvidence(record), ...left.map(leftover)] }
}

function isWithin(directory: string, process: FoundProcess): boolean {
  return process.directory === directory || process.directory?.startsWith(`${directory}/`) === true
}

function leftover({ pid, command, directory }: FoundProcess): Evidence {
  const detail = `process ${pid} (${command.slice(0, 80)}) still runs in "${directory}"; which agent of this server started it is not known`
  return { source: 'process', detail, at: new Date().toISOString() }
}

async function abortTurn(api: Api, session: Session, signal: AbortSignal): Promise<InterruptResult> {
  const { directory } = session
  const address = { sessionId: session.id, directory }
  const family = familyOf(session, familiesOf(await api.sessions())).map(({ id }) => id)
  const isAtWork = async (): Promise<boolean> => {
    const statuses = await api.statuses(directory)
    return family.some((id) => statuses.has(id))
  }
  if (!(await isAtWork())) return { interrupted: false, evidence: [seen(`session "${session.id}" runs no turn`)] }
  const asked = (await listed(api, directory)).filter(({ sessionId }) => family.includes(sessionId))
  for (const sessionId of family) await api.abort({ sessionId, directory })
  const ended = await recheck(
    async () => {
      if (await isAtWork()) return undefined
      const newest = (await api.messages(address, 1))?.messages.at(-1)
      return newest === undefined || newest.role === 'user' || isOver(newest) ? true : undefined
    },
    { timeoutMs: ABORT_MS, everyMs: 50, signal },
  )
  if (ended === undefined) throw stillRunning(session)
  for (const request of asked) await reject(api, directory, request)
  return { interrupted: true, evidence: [seen(`the turn of session "${session.id}" was aborted and has ended`)] }
}

/** One that was aborted between two steps, or while the model was to be asked again, is completed and holds no error. */
function isOver({ error, completedAt }: StoredMessage): boolean {
  return error !== null || completedAt !== null
}

/** A request that the server cannot list must not keep a turn from being ended: it goes with the turn. */
async function listed(api: Api, directory: string): Promise<OpenRequest[]> {
  return api.requests(directory).catch((error: unknown) => {
    if (isOrchError(error) && error.code === 'BACKEND_ERROR') return []
    throw error
  })
}

function reject(api: Api, directory: string, { id, kind }: { id: string; kind: string }): Promise<boolean> {
  return kind === 'question'
    ? api.rejectQuestion(directory, id)
    : api.replyPermission(directory, id, { reply: 'reject' })
}

function stillRunning({ id }: Session): OrchError {
  return new OrchError(
    'TIMEOUT',
    `Cannot end the turn of session "${id}": it still runs ${ABORT_MS} ms after the abort`,
    {
      hint: 'Try again',
      outcome: 'unknown',
      retryable: true,
    },
  )
}
