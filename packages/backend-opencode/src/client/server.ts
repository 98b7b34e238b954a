import { isOrchError, type JsonValue, OrchError, ownerLiveness, recheck } from '@orch/core'
import type { Http } from './http.ts'
import { wrongServer } from './http-errors.ts'
import type { Place } from './place.ts'
import { epochOf, placeOf, readServerRecord, type ServerRecord } from './server-file.ts'

/** A server that answered as OpenCode. */
export interface Server extends Place {
  readonly version: string
  /** Its incarnation; `null` for a server that orch did not start, unless the configuration names it. */
  readonly epoch: string | null
  /** When this incarnation was started, milliseconds since 1970; `null` when that is not known. */
  readonly startedAt: number | null
  /** The record of a server that orch started. */
  readonly record: ServerRecord | null
  /** `true`: this process has just started it, after one that had ended. */
  readonly revived?: boolean
}

/** What a look for a server showed: it answers, its incarnation is provably over, or orch never started one. */
export type ServerLook =
  | { readonly state: 'up'; readonly server: Server }
  | { readonly state: 'over'; readonly record: ServerRecord }
  | { readonly state: 'none' }

/** How long a process that was killed may take to be gone, in milliseconds. */
const ENDING_MS = 2_000

/** Where new agents go when orch runs the server: the same whatever its port. */
export const MANAGED_TARGET: JsonValue = { managed: true }

/**
 * Asks a server who it is.
 * @returns its version.
 * @throws OrchError `WRONG_SERVER` when something else answers, and all that a request can fail with.
 */
export async function askVersion(http: Http, place: Place, signal: AbortSignal): Promise<string> {
  const { value } = await http.ask(place, { method: 'GET', path: '/global/health', identifies: true }, signal)
  return versionIn(place, value)
}

/** The version in the answer of a server to who it is. @throws OrchError `WRONG_SERVER` */
export function versionIn(place: Place, value: unknown): string {
  const health = value as { healthy?: unknown; version?: unknown } | null
  if (health?.healthy === true && typeof health.version === 'string') return health.version
  throw wrongServer(place, `its health is ${JSON.stringify(value)?.slice(0, 100)}`)
}

/**
 * Looks for the server that orch started: its process first, so that nothing is ever sent to a stranger on its port.
 * @throws OrchError when it runs and does not answer as it should, or when its machine cannot be seen from here.
 */
export async function lookForManaged(folder: string, http: Http, signal: AbortSignal): Promise<ServerLook> {
  const record = readServerRecord(folder)
  if (record === null) return { state: 'none' }
  const alive = ownerLiveness(record.process)
  if (alive === 'gone') return { state: 'over', record }
  if (alive === 'unknown') {
    throw new OrchError(
      'BACKEND_UNREACHABLE',
      `Cannot see the OpenCode server at "${record.url}": it was started on host "${record.process.host}", on another machine or in another container`,
      { hint: `Run orch where process ${record.process.pid} of that host is seen` },
    )
  }
  const place = placeOf(record)
  try {
    const version = await askVersion(http, place, signal)
    return { state: 'up', server: managedServer(record, version) }
  } catch (error) {
    if (await isEnding(record, error, signal)) return { state: 'over', record }
    throw error
  }
}

/** The recorded server while its process lives, before it was asked. @throws OrchError `RECORD_CORRUPT` */
export function recordedServer(folder: string): Server | null {
  const record = readServerRecord(folder)
  return record !== null && ownerLiveness(record.process) === 'alive' ? managedServer(record, record.version) : null
}

/** Whether a server that answered is still the recorded one and its process still runs. */
export function isStillThere(folder: string, { epoch, url }: Server): boolean {
  const record = readServerRecord(folder)
  return record?.url === url && epochOf(record) === epoch && ownerLiveness(record.process) === 'alive'
}

/** A killed process closes its connections a little before it is gone. */
async function isEnding({ process }: ServerRecord, error: unknown, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted()
  const isClosed = isOrchError(error) && error.code === 'BACKEND_UNREACHABLE'
  const look = (): true | undefined => ownerLiveness(process) === 'gone' || undefined
  return (await recheck(look, { timeoutMs: isClosed ? ENDING_MS : 0, signal })) ?? false
}

/** The recorded server, after it answered. */
export function managedServer(record: ServerRecord, version: string): Server {
  const startedAt = Date.parse(record.startedAt)
  return { ...placeOf(record), version, epoch: epochOf(record), startedAt, record }
}
