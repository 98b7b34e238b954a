/** By how much a clock may be set a little, as by its time server, before a time counts as wrong, in milliseconds. */
const SKEW_MS = 5_000

/**
 * The milliseconds from one time to a later one (ISO 8601, or milliseconds since 1970); `null` when one is missing, cannot
 * be read, or lies after the other: then a clock was set, and how long it took is not known. Never negative. Pure.
 */
export function elapsedMs(from: string | null, to: string | number | null): number | null {
  if (from === null || to === null) return null
  const ms = (typeof to === 'number' ? to : Date.parse(to)) - Date.parse(from)
  return Number.isNaN(ms) || ms < -SKEW_MS ? null : Math.max(0, ms)
}
