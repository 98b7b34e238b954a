import { OrchError } from './errors.ts'

const LONGEST_MS = 2_147_483_647

/**
 * A duration of the form `30s`, `5m`, `1h30m`, `250ms` in milliseconds, at most 24 days.
 * @throws OrchError `BAD_DURATION`
 */
export function parseDuration(text: string): number {
  const totalMs = text.includes('d') ? null : totalOf(text)
  if (totalMs !== null && totalMs <= LONGEST_MS) return totalMs
  throw bad(text, 'one between 1 ms and 24 days', 'Write it like 30s, 5m or 1h30m')
}

/**
 * How long ago something was, in milliseconds: of the same form and with days (`7d`), at most 100 years.
 * @throws OrchError `BAD_DURATION`
 */
export function parseAge(text: string): number {
  const totalMs = totalOf(text)
  if (totalMs !== null && totalMs <= MOST_DAYS * DAY_MS) return totalMs
  throw bad(text, 'one between 1 ms and 100 years', 'Write it like 30m, 12h or 7d')
}

const DAY_MS = 86_400_000
const MOST_DAYS = 36_525

/** `null` for what is no duration, or none at all. */
function totalOf(text: string): number | null {
  const parts = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text)
  const [days = 0, hours = 0, minutes = 0, seconds = 0, rest = 0] = (parts ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0))
  return days * DAY_MS + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + rest || null
}

function bad(text: string, wanted: string, hint: string): OrchError {
  return new OrchError('BAD_DURATION', `Cannot use the duration ${JSON.stringify(text)}: it is not ${wanted}`, { hint })
}
