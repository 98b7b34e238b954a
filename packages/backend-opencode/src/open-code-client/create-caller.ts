import { type JsonValue, OrchError } from '@orch/core'
import type { Http, HttpRequest } from '../client/http.ts'
import type { Place } from '../client/place.ts'
import { checkDirectory, checkWholeNumber } from './call-options.ts'
import type { Caller, OperationId } from './caller.ts'
import { type Operations, ROUTES } from './types.generated.ts'

interface Input {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: JsonValue
}

/** @param directory for calls that name none. */
export function createCaller(http: Http, place: Place, directory: string | undefined): Caller {
  const page: Caller['page'] = async (id, input, options = {}) => {
    const { signal = new AbortController().signal, timeoutMs } = options
    const request: HttpRequest = {
      ...requestFor(id, input as Input),
      directory: checkDirectory(options.directory ?? directory),
      timeoutMs: checkWholeNumber('timeoutMs', timeoutMs),
      identifies: id === 'global.health',
    }
    const { status, value, headers } = await http.ask(place, request, signal)
    if (status === 404) return null
    const next = headers['x-next-cursor']
    return { value: checkKind(place, request, id, value), next: typeof next === 'string' ? next : null }
  }
  const find: Caller['find'] = async (id, input, options) => (await page(id, input, options))?.value ?? null
  return {
    page,
    find,
    async ask(id, input, options) {
      const answer = await page(id, input, options)
      if (answer !== null) return answer.value
      throw misunderstood(place, requestFor(id, input as Input), 'nothing is there')
    },
    async did(id, input, options) {
      const answer = await page(id, input, options)
      return answer !== null && answer.value !== false
    },
  }
}

function requestFor(id: OperationId, { path = {}, query = {}, body }: Input): HttpRequest {
  const { method, path: template } = ROUTES[id]
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return {
    method,
    path: template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? '')),
    query: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
    ...(body !== undefined && { body }),
  }
}

/** That it is JSON was checked; now that it is the kind of JSON that the document promises. */
function checkKind<Id extends OperationId>(
  place: Place,
  request: HttpRequest,
  id: Id,
  value: unknown,
): Operations[Id]['answer'] {
  const kind = value === null ? 'none' : Array.isArray(value) ? 'array' : typeof value
  const { answer } = ROUTES[id]
  if (kind === answer) return value as Operations[Id]['answer']
  throw misunderstood(place, request, `it has "${kind}" where "${answer}" is expected`)
}

function misunderstood({ url }: Place, { method, path }: HttpRequest, why: string): OrchError {
  return new OrchError(
    'BAD_ANSWER',
    `Cannot understand the answer of the OpenCode server at "${url}" to "${method} ${path}": ${why}`,
    { hint: 'Check that this server is OpenCode 1.18 or newer', outcome: method === 'GET' ? 'none' : 'unknown' },
  )
}
