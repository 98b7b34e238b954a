import { type FSWatcher, watch } from 'node:fs'

/**
 * Calls `onChange` with the name of each file that appears or changes in `directory`.
 * `onGap` when the system cannot watch it (any more). Returns what ends it.
 */
export function watchDirectory(
  directory: string,
  onChange: (name: string) => void,
  onGap: (text: string) => void,
): () => void {
  let watcher: FSWatcher | null = null
  try {
    watcher = watch(directory, (_, name) =>
      name === null ? onGap(`Something changed in "${directory}"`) : onChange(name),
    )
    watcher.on('error', (error) => onGap(`Cannot watch "${directory}": ${error.message}`))
  } catch (error) {
    onGap(`Cannot watch "${directory}": ${(error as Error).message}`)
  }
  return () => watcher?.close()
}
