import { statSync } from 'node:fs'
import type { AgentChanges, CompleteCheck } from '../documents.ts'
import type { AgentRecord } from '../registry/record.ts'
import type { ChangesLook } from './own-changes.ts'

const NAME = 'changes'

/** How many names are shown. */
const SHOWN = 5

/**
 * What the agent changed since its spawn: it fails for files that a merge left in conflict, and with `committed` for what is not
 * committed. What was dirty before, and is untouched since, does not count.
 */
export function changesCheck(
  { id, directory }: Pick<AgentRecord, 'id' | 'directory'>,
  look: ChangesLook | null,
  { committed = false }: { readonly committed?: boolean | undefined },
): CompleteCheck {
  if (look === null) return withoutGit(id, directory, committed)
  const { changes, conflicts } = look
  if (conflicts.length > 0) {
    const text = `A merge left ${files(conflicts)} in conflict`
    return { name: NAME, result: 'fail', text, hint: `See them with "git -C ${directory} status"` }
  }
  const text = `${said(changes)}${notIts(changes)}`
  if (!committed || changes.dirty.length === 0) return { name: NAME, result: 'pass', text }
  return { name: NAME, result: 'fail', text, hint: `Ask for a commit with "orch send ${id}"` }
}

function withoutGit(id: string, directory: string, committed: boolean): CompleteCheck {
  const isThere = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true
  if (isThere && committed) {
    const text = `git does not tell what changed in "${directory}"`
    return { name: NAME, result: 'fail', text, hint: `See what "git -C ${directory} status" says` }
  }
  if (isThere)
    return { name: NAME, result: 'skip', text: 'Its directory is in no git repository, or git tells nothing of it' }
  const hint = `Put "${directory}" back in its place, or use "orch abandon ${id}"`
  return { name: NAME, result: 'fail', text: `Its directory "${directory}" is not there`, hint }
}

function said({ commits, dirty, sharedWith }: AgentChanges): string {
  const parts = [
    ...(commits.length > 0 ? [commits.length === 1 ? '1 commit' : `${commits.length} commits`] : []),
    ...(dirty.length > 0 ? [`${files(dirty)} not committed`] : []),
  ]
  const what = parts.length === 0 ? 'Nothing changed since its spawn' : `Since its spawn: ${parts.join(', ')}`
  if (parts.length === 0 || sharedWith.length === 0) return what
  return `${what}; by it or by ${names(sharedWith)} in the same directory, nobody can tell`
}

function notIts({ dirtyBefore }: AgentChanges): string {
  if (dirtyBefore === 0) return ''
  return dirtyBefore === 1 ? '; 1 file was dirty before' : `; ${dirtyBefore} files were dirty before`
}

function files(paths: readonly string[]): string {
  return `${paths.length === 1 ? '1 file' : `${paths.length} files`} (${names(paths)})`
}

function names(all: readonly string[]): string {
  return all.length <= SHOWN ? all.join(', ') : `${all.slice(0, SHOWN).join(', ')} and ${all.length - SHOWN} more`
}
