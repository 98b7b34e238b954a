import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of orch's own in the workspace of an agent: what orch keeps of its work never has a name that the agent may use. */
export function keptFolder(workspace: string): string {
  return join(workspace, 'kept-by-orch')
}

/**
 * Makes it unless it is there, and gives its path. Throws what the operating system says: `ENOENT` where there is no workspace any
 * more, which is not made again, `EEXIST` also for a link.
 */
export function makeKeptFolder(workspace: string): string {
  const folder = keptFolder(workspace)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const isThere = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
    if (!isThere) throw error
  }
  return folder
}
