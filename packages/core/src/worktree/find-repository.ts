import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../errors.ts'

/**
 * Finds a repository inside a checkout, wherever it is: git shows none that lies among files it follows, or that it ignores.
 * Links are not followed.
 * @returns its folder from the top of the checkout, with a slash at its end; `null`: there is none
 * @throws OrchError `WORKTREE_FAILED`, `PERMISSION_DENIED` where that cannot be seen
 */
export function findRepository(checkout: string): string | null {
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = entriesOf(join(checkout, folder))
    if (folder !== '' && entries.some(({ name }) => name === '.git')) return folder
    for (const entry of entries)
      if (entry.isDirectory() && entry.name !== '.git') folders.push(`${folder}${entry.name}/`)
  }
  return null
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(cause, `Cannot look into "${folder}"`, 'WORKTREE_FAILED')
  }
}
