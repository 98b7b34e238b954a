import { type Evidence, type Field, isOrchError, type Reason } from '@orch/core'

/** What the server's API showed just now. */
export function seen(detail: string): Evidence {
  return { source: 'api', detail, at: new Date().toISOString() }
}

/** A value that was seen. */
export function known<T>(value: T, evidence: Evidence): Field<T> {
  return { known: true, value, evidence }
}

/** Why a value was not seen. */
export function unknown(reason: Reason): { readonly known: false; readonly reason: Reason } {
  return { known: false, reason }
}

/** The reason in a failed look; anything but an `OrchError` is thrown on. */
export function reasonOf(error: unknown): Reason {
  if (!isOrchError(error)) throw error
  return { code: error.code, text: error.message }
}
