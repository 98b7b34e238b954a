import { chmodSync, existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectory } from '../config/config.ts'
import type { Repair } from '../documents.ts'
import { prepareWorkspaces } from '../workspace/workspace.ts'
import type { Orch } from './orch.ts'

/** Nobody drafts a file for so long: what is older was left by a process that was killed. */
const LEFT_AFTER_MS = 3_600_000

/** Something that can be mended without a doubt, and how. */
interface Mendable {
  readonly name: string
  readonly text: string
  mend(): void
}

/**
 * What can be mended without losing anything: records that others may read, drafts of killed processes, workspaces that git would
 * show. With `fix` it is; one that cannot be mended says why.
 */
export function findRepairs(orch: Orch, fix: boolean): readonly Repair[] {
  const state = stateDirectory(orch.env)
  return [...openToOthers(state), ...leftDrafts(state), ...shownWorkspaces(orch.project)].map(
    ({ name, text, mend }) => {
      if (!fix) return { name, text, done: false, error: null }
      try {
        mend()
        return { name, text, done: true, error: null }
      } catch (error) {
        return { name, text, done: false, error: (error as Error).message }
      }
    },
  )
}

function openToOthers(state: string): readonly Mendable[] {
  const open = ['agents', 'ended', 'claims', 'scratch']
    .map((name) => join(state, name))
    .flatMap((folder) => [folder, ...filesIn(folder)])
    .filter((path) => {
      const stats = lstatSync(path, { throwIfNoEntry: false })
      return stats !== undefined && !stats.isSymbolicLink() && (stats.mode & 0o077) !== 0
    })
  if (open.length === 0) return []
  const mend = (): void => {
    for (const path of open) chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600)
  }
  return [{ name: 'modes', text: `Others may read ${open.length} of the files in "${state}"`, mend }]
}

function leftDrafts(state: string): readonly Mendable[] {
  const drafts = [
    ...filesIn(join(state, 'scratch')),
    ...filesIn(join(state, 'claims')).filter((path) => path.includes('/scratch-')),
  ]
  const left = drafts.filter((path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    return stats?.isFile() === true && Date.now() - stats.mtimeMs > LEFT_AFTER_MS
  })
  if (left.length === 0) return []
  const mend = (): void => {
    for (const path of left) rmSync(path, { force: true })
  }
  return [{ name: 'drafts', text: `${left.length} drafts of processes that were killed lie in "${state}"`, mend }]
}

function shownWorkspaces(project: string): readonly Mendable[] {
  const folder = join(project, '.orch')
  if (!existsSync(join(folder, 'workspace')) || existsSync(join(folder, '.gitignore'))) return []
  const text = `Git shows the workspaces of agents: "${join(folder, '.gitignore')}" is missing`
  return [{ name: 'workspaces', text, mend: () => prepareWorkspaces(project) }]
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}
