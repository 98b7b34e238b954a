import { type FSWatcher, watch } from 'node:fs'

/**
 * The name of every file that appears, changes or goes in one of `directories`, pushed by the operating system.
 * `null` when a name was not told or a directory cannot be watched (any more): look again. Ends at abort.
 */
export async function* watchDirectories(
  directories: readonly string[],
  signal: AbortSignal,
): AsyncIterable<string | null> {
  const queue: (string | null)[] = []
  let wake: () => void = () => {}
  const push = (name: string | null): void => {
    queue.push(name)
    wake()
  }
  const watchers = directories.map((directory) => watchOne(directory, push)).filter((watcher) => watcher !== null)
  const close = (): void => {
    for (const watcher of watchers) watcher.close()
  }
  const onAbort = (): void => {
    close()
    wake()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    while (!signal.aborted) {
      if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      yield* queue.splice(0)
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    close()
  }
}

function watchOne(directory: string, push: (name: string | null) => void): FSWatcher | null {
  try {
    const watcher = watch(directory, { persistent: true }, (_, name) => push(name))
    watcher.on('error', () => push(null))
    return watcher
  } catch {
    push(null)
    return null
  }
}
