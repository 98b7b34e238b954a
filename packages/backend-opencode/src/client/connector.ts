import type { JsonValue } from '@orch/core'
import type { SessionAddress } from './api.ts'
import { ensureManaged, type ManagedContext, sameData } from './managed-server.ts'
import { configuredPlace } from './place.ts'
import { forgetPutAway, notePutAway } from './put-away-later.ts'
import {
  askVersion,
  isStillThere,
  lookForManaged,
  MANAGED_TARGET,
  recordedServer,
  type Server,
  type ServerLook,
} from './server.ts'
import { readServerRecord, type ServerRecord } from './server-file.ts'

/** Finds the server behind a target. */
export interface Connector {
  /** Where new agents go. */
  readonly target: JsonValue
  /** Whether new agents go to a server that orch runs. */
  readonly isManaged: boolean
  /**
   * Looks for the server and starts nothing.
   * @throws OrchError when nothing, the wrong program, or an error answers.
   */
  look(target: JsonValue, signal: AbortSignal): Promise<ServerLook>
  /** The server, started if it is one that orch runs. */
  ensure(target: JsonValue, signal: AbortSignal): Promise<Server>
  /**
   * The server that orch runs, if it answered before and its process is still there: not asked again, and so perhaps just
   * about to end. `null` otherwise.
   */
  current(target: JsonValue): Server | null
  /** Has the next server that orch starts on these conversations put a session away before anybody uses it. */
  putAwayLater(over: ServerRecord, at: SessionAddress): void
  /** Takes that back. */
  forgetPutAway(sessionId: string): void
  /** The server that orch runs as it is recorded, while its process lives: it was not asked who it is. `null` otherwise. */
  expected(target: JsonValue): Server | null
  /** What is written about the server that orch runs, whether or not it answers; `null` when there is nothing. */
  recorded(): ServerRecord | null
  /** Forgets who answered: the next look asks again. */
  forget(): void
}

/** What decides which server is used. */
export interface ConnectorOptions extends ManagedContext {
  /** URL of a server that somebody else runs; `null` when orch runs one. */
  readonly server: string | null
  readonly password: string | null
  /** The incarnation of that server; `null` when nobody says. */
  readonly epoch: string | null
}

/** A connector that asks each incarnation of a server once who it is. */
export function createConnector(options: ConnectorOptions): Connector {
  const { folder, http } = options
  const given = options.server === null ? null : configuredPlace(options.server, options.password)
  let known: Server | null = null
  let managed: Server | null = null

  const lookAtConfigured = async (url: string, signal: AbortSignal): Promise<ServerLook> => {
    if (known?.url === url) return { state: 'up', server: known }
    const place = given?.url === url ? given : configuredPlace(url, options.password)
    const version = await askVersion(http, place, signal)
    const epoch = given?.url === url ? options.epoch : null
    known = { ...place, version, epoch, startedAt: null, record: null }
    return { state: 'up', server: known }
  }
  const lookAtManaged = async (signal: AbortSignal): Promise<ServerLook> => {
    managed = null
    const seen = await lookForManaged(folder, http, signal)
    if (seen.state === 'up') managed = seen.server
    return seen
  }
  const look = (target: JsonValue, signal: AbortSignal): Promise<ServerLook> => {
    const url = configuredUrl(target)
    return url === null ? lookAtManaged(signal) : lookAtConfigured(url, signal)
  }
  return {
    target: given === null ? MANAGED_TARGET : { server: given.url },
    isManaged: given === null,
    look,
    async ensure(target, signal) {
      if (configuredUrl(target) === null) {
        managed = await ensureManaged(options, signal)
        return managed
      }
      const seen = await look(target, signal)
      if (seen.state === 'up') return seen.server
      throw new TypeError('A configured server cannot be over')
    },
    current(target) {
      if (configuredUrl(target) !== null || managed === null || !isStillThere(folder, managed)) return null
      return sameData(options, managed)
    },
    putAwayLater: (over, at) => notePutAway(folder, over, at),
    forgetPutAway: (sessionId) => forgetPutAway(folder, sessionId),
    expected: (target) => (configuredUrl(target) === null ? recordedServer(folder) : null),
    recorded: () => (given === null ? readServerRecord(folder) : null),
    forget() {
      known = null
      managed = null
    },
  }
}

/** The URL in a target; `null` for the server that orch runs. */
function configuredUrl(target: JsonValue): string | null {
  const url = target !== null && typeof target === 'object' && 'server' in target ? target.server : null
  return typeof url === 'string' ? url : null
}
