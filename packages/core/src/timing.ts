import { setMaxListeners } from 'node:events'

/**
 * Every deadline and every re-check interval of core, in milliseconds, and the only timers in the sources.
 * Nothing here waits for time to pass: each helper waits for something else and bounds that wait.
 */
export const TIMING = {
  /** One backend call, unless the caller says otherwise (`--request-timeout`). */
  requestTimeoutMs: 30_000,
  /** One backend asked whether it can be used. */
  probeTimeoutMs: 10_000,
  /** Creating an agent, which may start a server first. */
  createTimeoutMs: 60_000,
  /** Ending an agent, with escalation and proof. */
  stopTimeoutMs: 30_000,
  /** One git command, which may check out or push a large repository. */
  gitTimeoutMs: 600_000,
  /** The command that sets a worktree up. */
  setupTimeoutMs: 1_800_000,
  /** How long another git that holds the lock of a checkout is waited for. */
  gitLockMs: 10_000,
  /** How long a worktree may be half made that another git came upon: it takes the time of one write. */
  worktreeMadeMs: 2_000,
  /** A subscription that does not stand by then is left to the safety net. */
  readyTimeoutMs: 10_000,
  /** `wait` looks again so often even when no event came. */
  safetyNetMs: 15_000,
  /** `status --watch` shows again what has not changed for so long. */
  watchAgainMs: 60_000,
  /** A page that was not written to for so long is whole; editors write theirs much faster. */
  pageRestMs: 50,
  /** The same for a page that looks cut: it is empty, gone, or its last line has no end. */
  cutPageRestMs: 500,
  /** An `orch ask` that lives takes its answer within this time, or it is said that it has not. */
  takeAnswerMs: 10_000,
  /** Agents of one project that start agents do so one after the other, and wait for each other at most so long. */
  limitsBusyMs: 30_000,
  /** How soon it is noticed that an `orch ask` died which an answer lies ready for: nobody announces that. */
  askerGoneMs: 250,
  /** Re-check of a page that does not rest yet. */
  pageLookMs: 10,
  /** A page that does not rest for so long is read as it is. */
  pageRestMostMs: 1_000,
  /** A command that tells of a change is ended after so long. */
  notifyMs: 10_000,
  /** Who ends gives the commands that tell of changes so long to end. */
  notifyEndMs: 3_000,
  /** Re-check of a condition that nobody announces. */
  recheckMs: 25,
  /** How long a lost delivery may still arrive: recovery begins an agent again only after it. */
  inFlightMs: 10_000,
  /** `wait` without `--timeout`. */
  waitTimeoutMs: 1_800_000,
  /** The command that verifies work, unless the caller says otherwise (`--verify-timeout`). */
  verifyTimeoutMs: 600_000,
  /** A command that was asked to end is made to end after it. */
  commandGraceMs: 2_000,
} as const

/** What a timer can hold: 24 days. A longer time would be none. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Thrown by {@link withDeadline} when time ran out; callers turn it into an error of their own. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
  readonly afterMs: number
  constructor(afterMs: number) {
    super(`No answer within ${afterMs} ms`)
    this.afterMs = afterMs
  }
}

/**
 * Runs `work` with a signal that aborts after `ms` or with `parent`.
 * Rejects with {@link DeadlineError} at the deadline and with `parent.reason` on abort, even if `work` never settles.
 * Any number of calls may run under one `parent`: Node warns on stderr from the eleventh listener on unless told so.
 */
export async function withDeadline<T>(
  ms: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  parent?.throwIfAborted()
  if (parent) setMaxListeners(0, parent)
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(parent?.reason)
  parent?.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => controller.abort(new DeadlineError(ms)), Math.min(ms, LONGEST_TIMER_MS))
  try {
    return await Promise.race([work(controller.signal), rejectOnAbort(controller.signal)])
  } finally {
    clearTimeout(timer)
    parent?.removeEventListener('abort', onAbort)
  }
}

/**
 * Looks until `look` returns something other than `undefined`, at most `timeoutMs`; between looks it waits
 * `everyMs` or until `wake` resolves. With `mostMs` each wait is twice the one before, up to that: many who look for
 * long do not keep busy what they look at. Returns `undefined` when time ran out.
 * @default everyMs 25
 */
export async function recheck<T>(
  look: () => Promise<T | undefined> | T | undefined,
  options: {
    readonly timeoutMs: number
    readonly everyMs?: number
    readonly mostMs?: number
    readonly signal?: AbortSignal | undefined
    readonly wake?: () => Promise<void>
  },
): Promise<T | undefined> {
  const end = monotonicMs() + options.timeoutMs
  let waitMs = options.everyMs ?? TIMING.recheckMs
  for (;;) {
    options.signal?.throwIfAborted()
    const seen = await look()
    if (seen !== undefined) return seen
    const left = end - monotonicMs()
    if (left <= 0) return undefined
    await pause(Math.min(left, waitMs), options.signal, options.wake)
    if (options.mostMs !== undefined) waitMs = Math.min(2 * waitMs, options.mostMs)
  }
}

/** Milliseconds on a clock that nobody sets. As `performance.now()`, which takes a millisecond at its first use in a process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Lets what was just started come as far as it can: its requests are on their way, its child processes run. */
export function letStart(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A watchdog: calls `onSilence` when `feed` was not called for `ms`. `stop` ends it. Does not keep the process alive. */
export function watchdog(ms: number, onSilence: () => void): { feed(): void; stop(): void } {
  const timer = setTimeout(onSilence, ms)
  timer.unref()
  return { feed: () => void timer.refresh(), stop: () => clearTimeout(timer) }
}

/** Calls `onTick` every `ms` until stopped: the safety net behind pushed events. */
export function interval(ms: number, onTick: () => void): { stop(): void } {
  const timer = setInterval(onTick, ms)
  return { stop: () => clearInterval(timer) }
}

/** Waits `ms` or until `wake` resolves, and leaves nothing running. */
async function pause(ms: number, signal: AbortSignal | undefined, wake?: () => Promise<void>): Promise<void> {
  const end = new AbortController()
  const over = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    const onAbort = (): void => reject(signal?.reason)
    end.signal.addEventListener('abort', () => clearTimeout(timer))
    signal?.addEventListener('abort', onAbort, { signal: end.signal })
    if (signal?.aborted) onAbort()
  })
  try {
    await (wake ? Promise.race([over, wake()]) : over)
  } finally {
    end.abort()
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
