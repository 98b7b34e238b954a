import { OrchError } from './errors.ts'

const LONGEST_MS = 2_147_483_647

/**
 * A duration of the form `30s`, `5m`, `1h30m`, `250ms` in milliseconds, at most 24 days.
 * @throws OrchError `BAD_DURATION`
 */
export function parseDuration(text: string): number {
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text)
  const [hours = 0, minutes = 0, seconds = 0, rest = 0] = (parts ?? []).slice(1).map((part) => Number(part ?? 0))
  const totalMs = hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + rest
  if (totalMs > 0 && totalMs <= LONGEST_MS) return totalMs
  throw new OrchError(
    'BAD_DURATION',
    `Cannot use the duration ${JSON.stringify(text)}: it is not one between 1 ms and 24 days`,
    {
      hint: 'Write it like 30s, 5m or 1h30m',
    },
  )
}
