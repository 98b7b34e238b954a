import { type Evidence, type ServerControl, type ServerReport, TIMING } from '@orch/core'
import type { Server, ServerLook } from './client/server.ts'
import type { ServerRecord } from './client/server-file.ts'
import { endServer, overEvidence } from './client/stop-server.ts'
import type { Context } from './context.ts'
import { reasonOf, seen } from './fields.ts'

/** Starts, ends and shows the server that orch runs. */
export function createServerControl(context: Context): ServerControl {
  const { connector } = context
  const status = async (signal: AbortSignal): Promise<ServerReport> => {
    try {
      return report(await connector.look(connector.target, signal))
    } catch (error) {
      signal.throwIfAborted()
      return { ...NOTHING, ...unanswered(context), error: reasonOf(error) }
    }
  }
  return {
    status,
    start: async (signal) => running(await connector.ensure(connector.target, signal)),
    stop: (signal) => stop(context, signal),
  }
}

/** One that does not answer is ended too: its process is known by number and start time. */
async function stop(context: Context, signal: AbortSignal): Promise<ServerReport> {
  const { connector } = context
  const record = connector.recorded()
  if (record === null) return NOTHING
  const aborted = await endTurns(context, signal)
  return ended(record, [...aborted, ...(await endServer(record, signal))])
}

async function endTurns(context: Context, signal: AbortSignal): Promise<Evidence[]> {
  try {
    const look = await context.connector.look(context.connector.target, signal)
    return look.state === 'up' ? await abortTurns(context, look.server, signal) : []
  } catch (error) {
    signal.throwIfAborted()
    return [seen(`its turns could not be ended first: ${reasonOf(error).text}`)]
  }
}

const NOTHING: ServerReport = {
  ok: false,
  version: null,
  epoch: null,
  error: { code: 'NO_SERVER', text: 'No OpenCode server runs; orch starts one with the first agent' },
  url: null,
  pid: null,
  owner: null,
  evidence: [],
}

function report(look: ServerLook): ServerReport {
  if (look.state === 'up') return running(look.server)
  return look.state === 'over' ? ended(look.record, [overEvidence(look.record)]) : NOTHING
}

function running({ url, version, epoch, record }: Server): ServerReport {
  const pid = record?.process.pid ?? null
  const owner = record === null ? 'configured' : 'orch'
  const evidence = [seen(`"${url}" answers as ${version}`)]
  const started = record === null ? {} : { startedAt: record.startedAt, log: record.log }
  return { ok: true, version, epoch, error: null, url, pid, owner, ...started, evidence }
}

function ended(record: ServerRecord, evidence: readonly Evidence[]): ServerReport {
  const error = { code: 'SERVER_ENDED', text: 'The OpenCode server has ended' }
  return { ...NOTHING, error, version: record.version, owner: 'orch', log: record.log, evidence }
}

/** What is written about a server that does not answer as it should, unless that cannot be read either. */
function unanswered({ connector }: Context): Partial<ServerReport> {
  try {
    const record = connector.recorded()
    if (record === null) return {}
    const { url, version, startedAt, log, process } = record
    return { url, version, startedAt, log, pid: process.pid, owner: 'orch' }
  } catch {
    return {}
  }
}

/** A server that is ended leaves the tools of its turns running, so they are ended first. */
async function abortTurns(context: Context, server: Server, signal: AbortSignal): Promise<Evidence[]> {
  const api = context.api(server, signal)
  const since = server.startedAt ?? 0
  const sessions = (await api.sessions()).filter(({ updatedAt }) => updatedAt >= since - TIMING.inFlightMs)
  const directories = [...new Set(sessions.map(({ directory }) => directory))]
  const aborted = await Promise.all(
    directories.map(async (directory) => {
      const ids = [...(await api.statuses(directory)).keys()]
      for (const sessionId of ids) await api.abort({ sessionId, directory })
      return ids
    }),
  )
  return aborted.flat().map((id) => seen(`the turn of session "${id}" was aborted`))
}
