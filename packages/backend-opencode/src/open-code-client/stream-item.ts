import type { ServerEvent } from './types.generated.ts'

/** What comes out of {@link OpenCodeClient.events}. */
export type StreamItem =
  /** The stream stands: from here on nothing is missed. Comes once; what was before it is for the caller to look up. */
  | { readonly type: 'ready' }
  /** Something happened; a newer server may tell of more than the types name. @see ServerEvent */
  | { readonly type: 'event'; readonly directory: string | null; readonly event: ServerEvent }
  /** The stream has ended, and is opened again as soon as the server can be reached. */
  | { readonly type: 'lost'; readonly reason: string }
  /** The stream stands, and something may have been missed: look again. */
  | { readonly type: 'gap'; readonly reason: string }

/** What to follow. */
export interface StreamQuery {
  /** Only events of this directory, and those of none. @default those of all directories */
  readonly directory?: string | undefined
  /** A stream that is silent so long is opened again, milliseconds; a heartbeat comes every 10 s. @default 25000 */
  readonly silenceMs?: number | undefined
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined
}
