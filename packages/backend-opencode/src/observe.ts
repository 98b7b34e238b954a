import {
  type AgentRef,
  DeadlineError,
  type Field,
  type JsonValue,
  type Observation,
  type ObserveResult,
  OrchError,
  type Reason,
  type ServerInfo,
  type Turn,
  withDeadline,
} from '@orch/core'
import type { ServerLook } from './client/server.ts'
import { overEvidence } from './client/stop-server.ts'
import type { Context } from './context.ts'
import { known, reasonOf, unknown } from './fields.ts'
import { parseFacts, parseHandle } from './handle.ts'
import { NO_PROCESS, observeServer } from './observe-server.ts'
import type { Session } from './parse.ts'

/** One whole look, in milliseconds; what was not seen by then is reported as unknown. */
const LOOK_MS = 20_000

const NO_SERVER: Reason = { code: 'NO_SERVER', text: 'No OpenCode server was ever started here' }
const SERVER_ENDED: Reason = { code: 'SERVER_ENDED', text: 'The OpenCode server has ended' }

/**
 * One bulk look: per server one list of all sessions; status and requests only of directories that may hold an open turn;
 * one read of messages per turn end that core does not hold yet.
 */
export async function observe(
  context: Context,
  agents: readonly AgentRef[],
  signal: AbortSignal,
): Promise<ObserveResult> {
  const own = JSON.stringify(context.connector.target)
  const targets = new Map<string, AgentRef[]>([[own, []]])
  for (const agent of agents) {
    const key = JSON.stringify(agent.target)
    const there = targets.get(key)
    if (there) there.push(agent)
    else targets.set(key, [agent])
  }
  const results = await Promise.all(
    [...targets].map(([key, refs]) => observeTarget(context, JSON.parse(key) as JsonValue, refs, signal)),
  )
  const found = results.every((result) => result.found !== null)
    ? results.flatMap((result) => result.found ?? [])
    : null
  return {
    observations: results.flatMap(({ observations }) => observations),
    found,
    complete: results.every(({ complete }) => complete),
    server: results[0]?.server ?? { ok: false, version: null, epoch: null, error: NO_SERVER },
  }
}

async function observeTarget(
  context: Context,
  target: JsonValue,
  refs: readonly AgentRef[],
  signal: AbortSignal,
): Promise<ObserveResult> {
  try {
    return await withDeadline(LOOK_MS, signal, async (limited) => {
      const early = askEarly(context, target, limited)
      const look = await context.connector.look(target, limited)
      if (look.state !== 'up') return withoutServer(look, refs)
      const api = context.api(look.server, limited)
      const sessions = await (early?.url === look.server.url ? early.sessions : api.sessions())
      return observeServer(context, { api, sessions }, target, refs)
    })
  } catch (error) {
    signal.throwIfAborted()
    context.connector.forget()
    const reason = reasonOf(error instanceof DeadlineError ? lookTimeout(error) : error)
    const observations = refs.map((ref) => unseen(ref, reason))
    return {
      observations,
      found: null,
      complete: false,
      server: { ok: false, version: null, epoch: null, error: reason },
    }
  }
}

/** The list of sessions is on its way while the server that orch runs says who it is; it is believed only after that. */
function askEarly(
  { connector, api }: Context,
  target: JsonValue,
  signal: AbortSignal,
): { readonly url: string; readonly sessions: Promise<readonly Session[]> } | null {
  const server = connector.expected(target)
  if (server === null) return null
  const sessions = api(server, signal).sessions()
  sessions.catch(() => {})
  return { url: server.url, sessions }
}

/** The server is provably over, or there never was one. What was said survives it; what was running does not. */
function withoutServer(look: Exclude<ServerLook, { state: 'up' }>, refs: readonly AgentRef[]): ObserveResult {
  const error = look.state === 'none' ? NO_SERVER : SERVER_ENDED
  const server: ServerInfo = { ok: false, version: null, epoch: null, error }
  const observations = refs.map((ref) => (look.state === 'none' ? unseen(ref, NO_SERVER) : afterServer(look, ref)))
  return { observations, found: look.state === 'none' ? [] : null, complete: true, server }
}

function afterServer({ record }: Extract<ServerLook, { state: 'over' }>, ref: AgentRef): Observation {
  const over = overEvidence(record)
  const evidence = { ...over, detail: `${over.detail}; its conversations are kept in "${record.dataFolder}"` }
  const facts = parseFacts(ref)
  const cut: Turn = { status: 'ended', how: 'interrupted', at: null, reason: SERVER_ENDED }
  const isKnown = parseHandle(ref.handle) !== null
  return {
    id: ref.id,
    at: evidence.at,
    existence: isKnown ? known('present', evidence) : unknown(SERVER_ENDED),
    process: unknown(NO_PROCESS),
    turn: isKnown ? known(facts?.turn ?? cut, evidence) : unknown(SERVER_ENDED),
    requests: known([], evidence),
    lastActivityAt: facts === null ? unknown(SERVER_ENDED) : known(new Date(facts.updatedAt).toISOString(), evidence),
    usage: unknown(SERVER_ENDED),
    ...(isKnown && { asleep: true }),
  }
}

function unseen(ref: AgentRef, reason: Reason): Observation {
  const field: Field<never> = unknown(reason)
  return {
    id: ref.id,
    at: new Date().toISOString(),
    existence: field,
    process: unknown(NO_PROCESS),
    turn: field,
    requests: field,
    lastActivityAt: field,
    usage: field,
  }
}

function lookTimeout({ afterMs }: DeadlineError): OrchError {
  return new OrchError('TIMEOUT', `Cannot look at the OpenCode server: it did not answer within ${afterMs} ms`, {
    hint: 'Try again',
    retryable: true,
  })
}
