import { recheck } from '@orch/core'
import { watchDirectory } from '../client/watch.ts'
import { type EventPlace, eventsAfter, isPartOf } from './event-parts.ts'
import type { HookEvent } from './hook-event.ts'
import { parseEvents } from './look-at-hooks.ts'

/** What is waited for among the events of one run. */
export interface AwaitedHook {
  /** The file of its events, and behind what they count. */
  readonly file: string
  readonly after: EventPlace
  readonly timeoutMs: number
  /** Finds it among the events so far. */
  find(events: readonly HookEvent[]): HookEvent | undefined
}

/** Waits for an event that a program is about to tell; `undefined` when time ran out. */
export async function awaitHook(
  { file, after, timeoutMs, find }: AwaitedHook,
  signal: AbortSignal,
): Promise<HookEvent | undefined> {
  let wake = (): void => {}
  const directory = file.slice(0, file.lastIndexOf('/'))
  const end = watchDirectory(
    directory,
    (name) => {
      if (isPartOf(`${directory}/${name}`, file)) wake()
    },
    () => {},
  )
  const look = (): HookEvent | undefined => find(parseEvents([...eventsAfter(file, after)].map(({ text }) => text)))
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
    })
  try {
    return await recheck(look, { timeoutMs, everyMs: 250, signal, wake: changed })
  } finally {
    end()
  }
}
