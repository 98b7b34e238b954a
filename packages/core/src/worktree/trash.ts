import { basename, dirname, join } from 'node:path'

/** What a worktree is called while it is deleted: all that is in it is saved already. */
export function trashOf(path: string): string {
  return join(dirname(path), `.removed-${basename(path)}`)
}
