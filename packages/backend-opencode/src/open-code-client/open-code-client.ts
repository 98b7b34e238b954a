import { TIMING } from '@orch/core'
import { createHttp } from '../client/http.ts'
import { configuredPlace, type Place } from '../client/place.ts'
import { versionIn } from '../client/server.ts'
import { REQUEST_TIMEOUT_MS } from '../options.ts'
import { type CallOptions, checkDirectory, checkWholeNumber } from './call-options.ts'
import type { Caller } from './caller.ts'
import { createCaller } from './create-caller.ts'
import { followEvents } from './follow-events.ts'
import { createMessages, type Messages, toolCallsOf } from './messages.ts'
import { createPermissions, createQuestions, type Permissions, type Questions } from './open-requests.ts'
import { createSessions, type Sessions } from './sessions.ts'
import type { StreamItem, StreamQuery } from './stream-item.ts'
import { createTurns, type Turns } from './turns.ts'
import type { Agent, Model, Operations, ToolPart } from './types.generated.ts'

/** Which server, and how patiently. */
export interface OpenCodeClientOptions {
  /** `http://127.0.0.1:4096`; it may hold `user:password@`. */
  readonly url: string
  /** @default the one in the URL, else none */
  readonly password?: string | undefined
  /** @default the one in the URL, else `opencode` */
  readonly username?: string | undefined
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The directory that calls are about which name none, absolute. @default where the server was started */
  readonly directory?: string | undefined
  /** One request, milliseconds. @default 15000 */
  readonly requestTimeoutMs?: number | undefined
  /** A turn that `prompt` waits for, milliseconds. @default 1800000, half an hour */
  readonly promptTimeoutMs?: number | undefined
}

/**
 * A client of one OpenCode server. Every call has a deadline and takes a signal. `null` and `false` mean that the server
 * itself said it does not know what was asked for; anything else that is not an answer rejects: with an `OrchError`
 * `BACKEND_UNREACHABLE`, `TIMEOUT`, `UNAUTHORIZED`, `BACKEND_ERROR`, `BAD_ANSWER` or `WRONG_SERVER`, with the reason of the
 * signal, or with a `TypeError` or `RangeError` before anything was sent.
 */
export interface OpenCodeClient extends Turns {
  readonly sessions: Sessions
  readonly messages: Messages
  readonly permissions: Permissions
  readonly questions: Questions
  /** The agent definitions of a directory. */
  readonly agents: { list(options?: CallOptions): Promise<readonly Agent[]> }
  /** The providers that can be used, with their models and the default model of each; they may hold keys. */
  readonly providers: { list(options?: CallOptions): Promise<Operations['config.providers']['answer']> }
  /** The models of all those providers. */
  readonly models: { list(options?: CallOptions): Promise<Model[]> }
  /** Every tool call of a session, oldest first; `null`: the server does not know it. */
  toolCalls(sessionId: string, options?: CallOptions): Promise<ToolPart[] | null>
  /** Asks the server who it is. @throws OrchError `WRONG_SERVER` when something else answers */
  health(options?: CallOptions): Promise<{ readonly version: string }>
  /**
   * Follows what happens on the server; opens with the first step of the iteration, and opens again whatever ends the
   * stream. It rejects when the server cannot be reached at first, or refuses us later.
   */
  events(query?: StreamQuery): AsyncIterable<StreamItem>
  /** Closes idle connections. */
  close(): void
}

/** A client of the server at a URL; nothing is sent yet. @throws TypeError, RangeError for options that cannot be used */
export function createOpenCodeClient(options: OpenCodeClientOptions): OpenCodeClient {
  const { directory, requestTimeoutMs = REQUEST_TIMEOUT_MS, promptTimeoutMs = TIMING.waitTimeoutMs } = options
  const place = placeOf(options)
  const http = createHttp(checkWholeNumber('requestTimeoutMs', requestTimeoutMs))
  const caller = createCaller(http, place, checkDirectory(directory))
  const messages = createMessages(caller)
  return {
    ...createTurns(caller, checkWholeNumber('promptTimeoutMs', promptTimeoutMs)),
    ...createCatalog(caller),
    sessions: createSessions(caller),
    messages,
    permissions: createPermissions(caller),
    questions: createQuestions(caller),
    toolCalls: (sessionId, callOptions) => toolCallsOf(messages, sessionId, callOptions),
    health: async (callOptions) => ({ version: versionIn(place, await caller.ask('global.health', {}, callOptions)) }),
    events: (query = {}) => followEvents({ http, place, caller, query }),
    close: http.close,
  }
}

function createCatalog(caller: Caller): Pick<OpenCodeClient, 'agents' | 'providers' | 'models'> {
  return {
    agents: { list: (options) => caller.ask('app.agents', {}, options) },
    providers: { list: (options) => caller.ask('config.providers', {}, options) },
    models: {
      async list(options) {
        const { providers } = await caller.ask('config.providers', {}, options)
        return providers.flatMap(({ models }) => Object.values(models))
      },
    },
  }
}

function placeOf({ url, password, username, headers }: OpenCodeClientOptions): Place {
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new TypeError(
      `Cannot use OpenCode server "${url.replace(/\/\/[^/@]*@/, '//')}": it is not an http or https URL`,
    )
  }
  const place = configuredPlace(url, password ?? null)
  return { ...place, ...(username !== undefined && { user: username }), ...(headers !== undefined && { headers }) }
}
