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

/** How long ago `at` (ISO 8601) was, or `-` when it is not known. */
export function age(at: string | null, now: number): string {
  if (at === null) return '-'
  const then = Date.parse(at)
  return Number.isNaN(then) ? '-' : span(now - then)
}
