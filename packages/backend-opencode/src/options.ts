import { type JsonObject, OrchError } from '@orch/core'

/** Which OpenCode to use, and how patiently. */
export interface OpenCodeOptions {
  /**
   * URL of a server that somebody else runs; orch neither starts nor stops it. It may hold `user:password@`.
   * @default the variable OPENCODE_URL, else orch runs a server of its own
   */
  readonly server?: string
  /** The name of that server's incarnation, from whoever runs it: it changes with every start. @default unknown */
  readonly epoch?: string
  /** Password of that server. @default the variable OPENCODE_SERVER_PASSWORD */
  readonly password?: string
  /** The program to start: a path, or a name on PATH. @default `opencode` on PATH, else the npm package `opencode-ai` */
  readonly command?: string
  /** One request to the server, milliseconds. @default 15000 */
  readonly requestTimeoutMs?: number
}

/** One request, unless the options say otherwise, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 15_000

const TEXT_KEYS = ['server', 'epoch', 'password', 'command'] as const

/** Checks a part of the configuration. @throws OrchError `CONFIG_INVALID` that names the key. */
export function parseOptions(options: JsonObject): OpenCodeOptions {
  const { module: _module, requestTimeoutMs, ...rest } = options
  for (const [key, value] of Object.entries(rest)) {
    if (!TEXT_KEYS.some((known) => known === key)) throw invalid(key, 'there is no such option', 'Remove it')
    if (typeof value !== 'string' || value === '') throw invalid(key, 'it is not a text', `Give "${key}" a text`)
  }
  if (requestTimeoutMs === undefined) return rest
  if (typeof requestTimeoutMs !== 'number' || !Number.isInteger(requestTimeoutMs) || requestTimeoutMs < 1) {
    throw invalid('requestTimeoutMs', 'it is not a number of milliseconds', 'Give it a whole number above 0')
  }
  return { ...rest, requestTimeoutMs }
}

function invalid(key: string, state: string, hint: string): OrchError {
  return new OrchError('CONFIG_INVALID', `Cannot use option "${key}" of the OpenCode backend: ${state}`, { hint })
}
