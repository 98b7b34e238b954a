import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeadlineError, isOrchError, OrchError, recheck, withDeadline } from '@orch/core'
import { type Channel, createChannel } from '../channel.ts'
import { AWAY_MS, LOOK_MS, SILENCE_MS, streamEvents } from '../client/events.ts'
import type { Http } from '../client/http.ts'
import type { Place } from '../client/place.ts'
import { askVersion } from '../client/server.ts'
import { createMark } from '../mark.ts'
import { fields } from '../raw.ts'
import { checkDirectory, checkWholeNumber } from './call-options.ts'
import type { Caller } from './caller.ts'
import type { StreamItem, StreamQuery } from './stream-item.ts'
import type { ServerEvent } from './types.generated.ts'

/** Nobody works in this directory: that the server closes it is how a stream proves that it delivers. */
const MARK = join(tmpdir(), 'orch-client-mark')

const NOT_TOLD = ['server.connected', 'server.heartbeat', 'sync']

interface Following {
  readonly http: Http
  readonly place: Place
  readonly caller: Caller
  readonly query: StreamQuery
}

/** Follows what happens on a server. See {@link OpenCodeClient.events}. */
export async function* followEvents(following: Following): AsyncIterable<StreamItem> {
  const { signal, directory, silenceMs } = following.query
  checkDirectory(directory)
  checkWholeNumber('silenceMs', silenceMs)
  if (signal?.aborted) return
  const channel = createChannel<StreamItem>()
  const ended = new AbortController()
  const end = (): void => {
    ended.abort()
    channel.end()
  }
  signal?.addEventListener('abort', end, { once: true })
  const work = keepOpen(following, channel, ended.signal).catch(channel.fail)
  try {
    yield* channel
  } finally {
    end()
    signal?.removeEventListener('abort', end)
    await work
  }
}

/** Resolves when `signal` aborts. */
async function keepOpen(following: Following, channel: Channel<StreamItem>, signal: AbortSignal): Promise<void> {
  let lost: string | null = null
  const stand = (isProven: boolean): void => {
    if (lost === null) channel.push({ type: 'ready' })
    if (lost !== null) channel.push({ type: 'gap', reason: `The event stream stands again; it had ended: ${lost}` })
    else if (!isProven)
      channel.push({ type: 'gap', reason: 'The event stream stands; its first events may be missing' })
  }
  const attempt = async (): Promise<undefined> => {
    const isThere = await answers(following, lost !== null, signal)
    if (!isThere) return
    let stood = false
    const why = await streamOnce(following, channel, signal, (isProven) => {
      stood = true
      stand(isProven)
    })
    if (signal.aborted) return
    if (!stood && lost === null) throw notStreaming(following.place, why)
    if (stood) channel.push({ type: 'lost', reason: why })
    lost = why
  }
  await recheck(attempt, { timeoutMs: Number.POSITIVE_INFINITY, everyMs: AWAY_MS, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

/** Whether the server can be reached. A failure that may pass is waited out when the stream stood before. */
async function answers({ http, place }: Following, stoodBefore: boolean, signal: AbortSignal): Promise<boolean> {
  try {
    const limitMs = stoodBefore ? LOOK_MS : Number.POSITIVE_INFINITY
    await withDeadline(limitMs, signal, (limited) => askVersion(http, place, limited))
    return true
  } catch (error) {
    if (error instanceof DeadlineError || (stoodBefore && isOrchError(error) && error.retryable)) return false
    throw error
  }
}

/** One stream, from its beginning to why it ended. */
async function streamOnce(
  { http, place, caller, query }: Following,
  channel: Channel<StreamItem>,
  signal: AbortSignal,
  onStand: (isProven: boolean) => void,
): Promise<string> {
  const mark = createMark(MARK)
  const disposeInstance = (directory: string): Promise<boolean> =>
    caller.did('instance.dispose', {}, { directory, signal })
  let isConnected = false
  const handle = async (event: unknown): Promise<void> => {
    const { type } = fields(fields(event).payload)
    if (type === 'server.connected' && !isConnected) {
      isConnected = true
      onStand(await mark.see({ disposeInstance }, signal))
    }
    const item = itemOf(event, query.directory)
    if (item !== null) channel.push(item)
  }
  let order = Promise.resolve()
  const onEvent = (event: unknown): void => {
    mark.check(event)
    order = order
      .then(() => handle(event))
      .catch((error: unknown) => {
        if (!signal.aborted) channel.fail(error)
      })
  }
  const why = await streamEvents(http, place, { onEvent, silenceMs: query.silenceMs ?? SILENCE_MS }, signal)
  await order
  return why
}

function itemOf(event: unknown, wanted: string | undefined): StreamItem | null {
  const { payload, directory } = fields(event)
  const { type, properties } = fields(payload)
  if (typeof type !== 'string' || NOT_TOLD.includes(type)) return null
  if (type === 'server.instance.disposed' && fields(properties).directory === MARK) return null
  const own = typeof directory === 'string' ? directory : null
  if (wanted !== undefined && own !== null && own !== wanted) return null
  return { type: 'event', directory: own, event: payload as ServerEvent }
}

function notStreaming({ url }: Place, why: string): OrchError {
  return new OrchError('BAD_ANSWER', `Cannot follow the events of the OpenCode server at "${url}": ${why}`, {
    hint: `Check what answers at "${url}/global/event"`,
  })
}
