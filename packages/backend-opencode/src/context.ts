import { type BackendHost, type JsonValue, OrchError } from '@orch/core'
import type { Api } from './client/api.ts'
import type { Connector } from './client/connector.ts'
import type { Http } from './client/http.ts'
import type { Server } from './client/server.ts'
import type { Streams } from './streams.ts'

/** What every method of the backend works with. */
export interface Context {
  readonly host: BackendHost
  readonly connector: Connector
  readonly http: Http
  readonly streams: Streams
  /** The configured program; `null` to look for one. */
  readonly command: string | null
  /** The endpoints of a server, each call bounded by `signal`. */
  api(server: Server, signal: AbortSignal): Api
}

/**
 * The endpoints of the server behind a target, for calls that start nothing.
 * @throws OrchError `BACKEND_UNREACHABLE` when the server is over, or never was.
 */
export async function reach({ connector, api }: Context, target: JsonValue, signal: AbortSignal): Promise<Api> {
  const current = connector.current(target)
  if (current !== null) return api(current, signal)
  const look = await connector.look(target, signal)
  if (look.state === 'up') return api(look.server, signal)
  const state = look.state === 'over' ? `process ${look.record.process.pid} has ended` : 'none was ever started'
  throw new OrchError('BACKEND_UNREACHABLE', `Cannot reach the OpenCode server: ${state}`, {
    hint: 'Start it with: orch server start',
  })
}
