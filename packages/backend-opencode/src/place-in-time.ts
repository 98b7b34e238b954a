import { ID_PERIOD_MS, requestTime } from './requests.ts'

/** Where a part stands among those of a session and of its subagents: when it was made, then its id. */
export interface PlaceInTime {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly id: string
}

/** The place of a part in a message that was made at `messageAt`; its id counts time, but starts anew every two years. */
export function placeInTime(partId: string, messageAt: number): PlaceInTime {
  const made = requestTime(partId, messageAt + ID_PERIOD_MS / 2)
  return { at: Math.max(messageAt, made ?? messageAt), id: partId }
}

/** Negative when `a` comes first. */
export function comparePlaces(a: PlaceInTime, b: PlaceInTime): number {
  return a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
