import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Place } from './place.ts'

/**
 * Everything that a command that fails must leave as it is: files by content, windows, processes. What keeps workspaces
 * out of git is left out: any spawn makes it once.
 */
export interface Snapshot {
  files: Record<string, string>
  windows: string[]
  processes: number[]
}

/** Takes one of a place: its registry, its project, its tmux windows and all its processes. */
export async function snapshot(place: Place): Promise<Snapshot> {
  const [records, project, windows, processes] = await Promise.all([
    hashes(place.state),
    hashes(place.project),
    place.tmux.windows(),
    place.processes(),
  ])
  return {
    files: { ...records, ...project },
    windows,
    processes: processes.map(({ pid }) => pid).sort((a, b) => a - b),
  }
}

async function hashes(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const files = entries.filter(
    (entry) => entry.isFile() && entry.name !== '.gitignore' && !relative(folder, entry.parentPath).startsWith('.git'),
  )
  const hashed = files.map(async ({ parentPath, name }) => {
    const file = join(parentPath, name)
    return [
      file,
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ] as const
  })
  return Object.fromEntries((await Promise.all(hashed)).sort())
}
