import { interval, TIMING } from '../timing.ts'
import { watchDirectories } from '../watch-directories.ts'
import { asksFolder } from './asks.ts'
import { PAGE } from './report.ts'

/** What {@link watchAsks} gives. */
export interface AskWatch {
  /** Resolves at the next change, or at once when there was one since the last call. @param mostMs at the latest then */
  next(mostMs?: number): Promise<void>
  stop(): void
}

/**
 * Watches the page and the answers of an agent, pushed by the operating system; a slow tick is the safety net.
 * @param also what else wakes
 */
export function watchAsks(
  workspace: string,
  parent: AbortSignal | undefined,
  also: (signal: AbortSignal) => AsyncIterable<boolean> = never,
): AskWatch {
  const controller = new AbortController()
  let changed = false
  let wake: () => void = () => {}
  const push = (): void => {
    changed = true
    wake()
  }
  parent?.addEventListener('abort', push, { once: true })
  void forEach(watchDirectories([workspace, asksFolder(workspace)], controller.signal), (name) => {
    if (name === null || name === PAGE || name.startsWith('page-')) push()
  })
  void forEach(also(controller.signal), (counts) => {
    if (counts) push()
  })
  return {
    next: async (mostMs = TIMING.safetyNetMs) => {
      const latest = interval(mostMs, push)
      if (!changed)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      latest.stop()
      changed = false
    },
    stop: () => {
      parent?.removeEventListener('abort', push)
      controller.abort()
    },
  }
}

async function* never(): AsyncIterable<boolean> {}

async function forEach<T>(source: AsyncIterable<T>, act: (value: T) => void): Promise<void> {
  for await (const value of source) act(value)
}
