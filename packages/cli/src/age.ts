import { elapsedMs } from '@orch/core'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A time span in its largest whole unit: `45s`, `12m`, `3h`, `5d`; a negative one is `0s`. */
export function span(ms: number): string {
  for (const [unit, size] of UNITS) if (ms >= size) return `${Math.floor(ms / size)}${unit}`
  return '0s'
}

/** How long ago `at` (ISO 8601) was, or `-` when it is not known, as for what lies ahead after a clock was set back. */
export function age(at: string | null, now: number): string {
  return spanOf(elapsedMs(at, now))
}

/** When `at` (ISO 8601) was: `5m ago`, or itself where the clock does not tell how long ago that is. */
export function ago(at: string, now: number): string {
  const passed = elapsedMs(at, now)
  return passed === null ? at : `${span(passed)} ago`
}

/** A time span, or `-` when it is not known. */
export function spanOf(ms: number | null): string {
  return ms === null ? '-' : span(ms)
}
