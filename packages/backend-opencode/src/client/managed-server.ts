import { homedir } from 'node:os'
import { join } from 'node:path'
import { currentOwner, OrchError, ownerLiveness, recheck, TIMING } from '@orch/core'
import type { Http } from './http.ts'
import { findProgram } from './program.ts'
import { lookForManaged, type Server } from './server.ts'
import { makeServerFolder, readServerRecord } from './server-file.ts'
import { type CutClaim, newestClaim, readFailure, recordFailure, type StartClaim, takeClaim } from './start-claim.ts'
import { drawPlace, endUnrecorded, isPortTaken, startServer } from './start-server.ts'

/** A drawn port may be taken before the server listens on it: so many are tried. */
const PORTS_TRIED = 3

/** What is needed to run the server of one registry. */
export interface ManagedContext {
  /** The folder of the server's files. */
  readonly folder: string
  /** The configured program; `null` to look for one. */
  readonly command: string | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly http: Http
}

/**
 * The running server, started if there is none. Of any number of processes that call this at once, one starts it and
 * the others wait for that one; what a dead starter left half-made is ended first.
 * @throws OrchError `PROGRAM_MISSING`, `BUSY`, `CONFIG_INVALID`, and all that a start or a look can fail with.
 */
export async function ensureManaged(context: ManagedContext, signal: AbortSignal): Promise<Server> {
  const { folder, http } = context
  makeServerFolder(folder)
  const awaited = new Set<number>()
  let ports = PORTS_TRIED + 1
  const attempt = async (): Promise<Server | undefined> => {
    const look = await lookForManaged(folder, http, signal)
    if (look.state === 'up') return sameData(context, look.server)
    const next = nextStart(folder, look.state === 'over' ? look.record.generation : 0, awaited)
    if (next === undefined) return undefined
    ports -= 1
    const server = await startNext(context, next, ports, signal)
    return server && { ...server, revived: look.state === 'over' }
  }
  const server = await recheck(attempt, { timeoutMs: TIMING.createTimeoutMs, everyMs: 50, signal })
  if (server !== undefined) return server
  const owner = newestClaim(folder)?.owner ?? null
  const who = owner === null ? 'another process' : `process ${owner.pid} of host "${owner.host}"`
  throw new OrchError('BUSY', `Cannot start the OpenCode server: ${who} is starting it and does not finish`, {
    hint: `End ${who}, which may be in another container, then try again`,
    retryable: true,
  })
}

/** OpenCode's data folder as this environment names it. */
function dataFolderOf(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_DATA_HOME || join(env.HOME ?? homedir(), '.local', 'share')
  return join(base, 'opencode')
}

/** The start that follows what was seen. */
interface NextStart {
  readonly generation: number
  /** A start that never finished; what it left running is ended first. */
  readonly abandoned: StartClaim | CutClaim | null
}

/**
 * The next start, for a process that saw the server of generation `ended` ended (0: none was ever there).
 * @param awaited the generations that the caller waited for; a failure of one of them is its failure.
 * @returns `undefined` while a start is under way, and when one has finished since that look: look again.
 */
export function nextStart(folder: string, ended: number, awaited: Set<number>): NextStart | undefined {
  const newest = newestClaim(folder)
  const abandoned = newest !== null && newest.generation > ended ? newest : null
  if (abandoned !== null && !mayReplace(folder, abandoned, awaited)) return undefined
  if ((readServerRecord(folder)?.generation ?? 0) !== ended) return undefined
  return { generation: Math.max(newest?.generation ?? 0, ended) + 1, abandoned }
}

/** Whether an unfinished start is over: it failed before this call, or its process died. @throws its failure, if it was waited for. */
function mayReplace(folder: string, { generation, owner }: StartClaim | CutClaim, awaited: Set<number>): boolean {
  const failure = readFailure(folder, generation)
  if (failure !== null && failure.error !== null && awaited.has(generation)) throw failure.error
  if (failure !== null || owner === null || ownerLiveness(owner) === 'gone') return true
  awaited.add(generation)
  return false
}

async function startNext(
  { folder, command, env, http }: ManagedContext,
  { generation, abandoned }: NextStart,
  ports: number,
  signal: AbortSignal,
): Promise<Server | undefined> {
  const program = findProgram(command, env)
  const claim = { generation, owner: currentOwner(), ...(await drawPlace()) }
  if (!takeClaim(folder, claim)) return undefined
  try {
    if (abandoned !== null && abandoned.owner !== null) await endUnrecorded(abandoned)
    return await startServer({ folder, program, env, http, dataFolder: dataFolderOf(env) }, claim, signal)
  } catch (error) {
    const mayRetry = isPortTaken(error) && ports > 1
    recordFailure(folder, generation, signal.aborted || mayRetry ? null : error)
    if (mayRetry) return undefined
    throw error
  }
}

/** The server, unless it keeps its conversations elsewhere than this environment says. @throws OrchError `CONFIG_INVALID` */
export function sameData({ env }: ManagedContext, server: Server): Server {
  const used = server.record?.dataFolder
  const wanted = dataFolderOf(env)
  if (used === undefined || used === wanted) return server
  throw new OrchError(
    'CONFIG_INVALID',
    `Cannot use the OpenCode server at "${server.url}": it keeps its conversations in "${used}", not in "${wanted}"`,
    { hint: 'End it with: orch server stop' },
  )
}
