import { isOrchError, recheck } from '@orch/core'
import type { Api } from './client/api.ts'
import { fields } from './raw.ts'

/** How long a stream may take to show the mark, in milliseconds: a server at work on many turns takes seconds. */
const PATIENCE_MS = 8_000

/** The longest wait between two marks, in milliseconds: each makes a busy server busier. */
const AGAIN_MOST_MS = 400

/** An event of our own by which a stream proves that it delivers. */
export interface Mark {
  /** Must be given every event as it comes. */
  check(event: unknown): void
  /** Makes the event until it was seen; `false` when it never was. */
  see(api: Pick<Api, 'disposeInstance'>, signal: AbortSignal): Promise<boolean>
}

/**
 * The server greets a new stream before it listens for it: of turns that ended right after `server.connected`, up to half
 * were never told (11 of 20 on a busy machine). Closing the instance of a directory where nobody works is an event that
 * changes nothing; once it comes through, everything after it does.
 */
export function createMark(directory: string): Mark {
  let isSeen = false
  let onSeen = (): void => {}
  const seen = new Promise<void>((resolve) => {
    onSeen = resolve
  })
  return {
    check(event) {
      const { type, properties } = fields(fields(event).payload)
      if (type !== 'server.instance.disposed' || fields(properties).directory !== directory) return
      isSeen = true
      onSeen()
    },
    async see(api, signal) {
      const look = async (): Promise<true | undefined> => {
        if (!isSeen) await api.disposeInstance(directory).catch(ignoreOrchError)
        return isSeen || undefined
      }
      return (await recheck(look, { timeoutMs: PATIENCE_MS, mostMs: AGAIN_MOST_MS, signal, wake: () => seen })) ?? false
    },
  }
}

function ignoreOrchError(error: unknown): void {
  if (!isOrchError(error)) throw error
}
