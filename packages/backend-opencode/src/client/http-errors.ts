import { DeadlineError, OrchError } from '@orch/core'
import type { HttpRequest } from './http.ts'
import type { Place } from './place.ts'

/** Connection errors that come before a single byte was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])

/** What went wrong when no whole answer came: the caller's own abort, or an `OrchError` that names the place. */
export function transportError(
  place: Place,
  request: HttpRequest,
  failure: { readonly error: unknown; readonly signal: AbortSignal; readonly timeoutMs: number },
): unknown {
  const { error, signal, timeoutMs } = failure
  if (signal.aborted) return signal.reason
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  const outcome = request.method === 'GET' || NOT_SENT.has(code) ? 'none' : 'unknown'
  const info = { outcome, retryable: outcome === 'none', cause: error } as const
  if (error instanceof DeadlineError) {
    const hint = place.managed ? 'End it with: orch server stop' : 'Check that server, then try again'
    return new OrchError('TIMEOUT', sentence(place, request, `it did not answer within ${timeoutMs} ms`), {
      ...info,
      hint,
    })
  }
  if (code.startsWith('HPE_')) {
    return new OrchError('BAD_ANSWER', sentence(place, request, `what answers there does not speak HTTP (${code})`), {
      ...info,
      retryable: false,
      hint: `Check what answers at "${place.url}"`,
    })
  }
  const state = NOT_SENT.has(code) ? 'nothing answers there' : 'the connection was closed before an answer came'
  return new OrchError('BACKEND_UNREACHABLE', sentence(place, request, `${state}${code && ` (${code})`}`), {
    ...info,
    hint: place.managed ? 'Start it with: orch server start' : startHint(place),
  })
}

function startHint({ url }: Place): string {
  const { hostname, port } = new URL(url)
  const isHere = hostname === '127.0.0.1' || hostname === 'localhost'
  return isHere ? `Start it with: opencode serve --port ${port || 80}` : 'Start that server, then try again'
}

/** What an answer means that is neither a success nor a 404 of the server itself. */
export function answerError(
  place: Place,
  request: HttpRequest,
  answer: { readonly status: number; readonly type: string; readonly text: string; readonly value: unknown },
): OrchError {
  const { status, type, text, value } = answer
  const outcome = request.method === 'GET' ? 'none' : 'unknown'
  if (status === 401 || status === 403) {
    return new OrchError('UNAUTHORIZED', sentence(place, request, `it answered ${status}, the password is wrong`), {
      hint: place.managed
        ? 'End it with: orch server stop'
        : 'Set OPENCODE_SERVER_PASSWORD to the password of that server',
    })
  }
  if (request.identifies && status < 500 && text !== '' && !/\bjson\b/.test(type)) {
    return wrongServer(place, `"GET ${request.path}" was answered ${status} with "${type || 'no type'}"`)
  }
  if (status < 400 || (status === 404 && value === undefined)) {
    const what = text === '' ? 'an empty body' : `${text.length} characters of "${type || 'no type'}"`
    return new OrchError('BAD_ANSWER', sentence(place, request, `it answered ${status} with ${what}, not with JSON`), {
      hint: `Check what answers at "${place.url}"`,
      outcome,
    })
  }
  return new OrchError('BACKEND_ERROR', sentence(place, request, `it answered ${status}${explanation(value)}`), {
    hint: 'Look into the log of that server',
    retryable: status >= 500 && outcome === 'none',
    outcome: status >= 500 ? outcome : 'none',
  })
}

/** Something answers at this address, and it is not OpenCode. */
export function wrongServer(place: Place, why: string): OrchError {
  return new OrchError('WRONG_SERVER', `Cannot use the server at "${place.url}": it is not OpenCode, ${why}`, {
    hint: place.managed
      ? 'Start the right one with: orch server start'
      : 'Correct "backends.opencode.server" or OPENCODE_URL',
  })
}

type ErrorBody = { name?: unknown; _tag?: unknown; message?: unknown; data?: { message?: unknown } } | null

/** Whether a body is an error of the server itself: `{ name, data: { message } }` or `{ _tag, message? }`. */
export function isNamedError(value: unknown): boolean {
  const error = value as ErrorBody
  return typeof (error?.name ?? error?._tag) === 'string'
}

function explanation(value: unknown): string {
  const error = value as ErrorBody
  const parts = [error?.name ?? error?._tag, error?.data?.message ?? error?.message]
  const text = parts.filter((part) => typeof part === 'string').join(': ')
  return text === '' ? '' : ` "${text.slice(0, 300)}"`
}

function sentence(place: Place, request: HttpRequest, state: string): string {
  return `Cannot ask the OpenCode server at "${place.url}" for "${request.method} ${request.path}": ${state}`
}
