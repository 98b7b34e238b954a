import { setTimeout as delay } from 'node:timers/promises'

/** How long {@link eventually} looks. */
export interface EventuallyOptions {
  /** Gives up after this long; `@default` 10000. */
  timeoutMs?: number
  /** Pause between two looks; `@default` 25. */
  intervalMs?: number
  /** What is waited for, for the error message. */
  what?: string
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>

/**
 * Looks again and again until `predicate` returns something truthy, and resolves to it.
 * A predicate that throws counts as "not yet". On time-out it throws, with the last error as its cause.
 * The only place in the tests with a timer.
 */
export async function eventually<T>(
  predicate: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Truthy<T>> {
  const { timeoutMs = 10_000, intervalMs = 25, what = 'the expected state' } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    let last: unknown
    try {
      const value = await predicate()
      if (value) return value as Truthy<T>
      last = `it was ${String(value)}`
    } catch (error) {
      last = error
    }
    if (performance.now() >= deadline) {
      const reason = last instanceof Error ? last.message : String(last)
      throw new Error(`Cannot see ${what}: not within ${timeoutMs} ms; ${reason}`, { cause: last })
    }
    await delay(intervalMs)
  }
}
