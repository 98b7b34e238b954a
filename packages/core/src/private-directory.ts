import { mkdirSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileError, OrchError } from './errors.ts'

const OTHERS_WRITE = 0o022

/**
 * Makes a directory for its owner only (0700), and those above it, unless it is there. Throws what the operating system
 * says: the recursive one of Node says `ENOENT` where nothing can be written (`EROFS`, `ENOSPC`).
 */
export function makePrivateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const parent = dirname(directory)
    if (code === 'ENOENT' && parent !== directory) {
      makePrivateDirectory(parent)
      makePrivateDirectory(directory)
    } else if (code !== 'EEXIST' || !statSync(directory).isDirectory()) throw error
  }
}

/**
 * Makes orch's state directory (0700) unless it is there. What another user owns or may write to is not trusted: orch
 * would run what its records name.
 * @throws OrchError `PERMISSION_DENIED`, `DISK`
 */
export function preparePrivateDirectory(directory: string): void {
  const cannot = `Cannot use the state directory "${directory}"`
  let stats: Stats
  try {
    makePrivateDirectory(directory)
    stats = statSync(directory)
  } catch (cause) {
    throw fileError(cause, `${cannot}: it cannot be made`, 'DISK')
  }
  const self = process.getuid?.()
  if (self !== undefined && stats.uid !== self)
    throw new OrchError('PERMISSION_DENIED', `${cannot}: it belongs to user ${stats.uid}, and orch runs as ${self}`, {
      hint: 'Run orch as that user, or set XDG_STATE_HOME to a directory of your own',
    })
  if (self !== undefined && (stats.mode & OTHERS_WRITE) !== 0)
    throw new OrchError('PERMISSION_DENIED', `${cannot}: other users may write to it`, {
      hint: `Run "chmod 700 ${directory}"`,
    })
}
