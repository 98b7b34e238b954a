import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { fileError, OrchError } from './errors.ts'

const { O_NONBLOCK, O_RDONLY } = constants

/**
 * The text of a file that a person names or keeps: links are followed, a pipe or device is refused and not waited for.
 * @param what begins the error: `Cannot read the template "/x"`
 * @throws OrchError `FILE_NOT_FOUND`, `PERMISSION_DENIED`, `DISK`; `USAGE` for more than `most` bytes, and what is not UTF-8 text
 */
export function readTextFile(file: string, what: string, most: number): string {
  const bytes = readBytes(file, what, most)
  const text = textOf(bytes)
  if (text !== null) return text
  throw new OrchError('USAGE', `${what}: it is not UTF-8 text`, { hint: 'Convert it to UTF-8, or leave it out' })
}

/** The same, and `null` when there is no such file. */
export function readTextFileIfThere(file: string, what: string, most: number): string | null {
  try {
    return readTextFile(file, what, most)
  } catch (error) {
    const code = ((error as OrchError).cause as NodeJS.ErrnoException | undefined)?.code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

function readBytes(file: string, what: string, most: number): Buffer {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, O_RDONLY | O_NONBLOCK)
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) {
      const state = stats.isDirectory() ? 'it is a directory' : 'it is no regular file'
      throw new OrchError('FILE_NOT_FOUND', `${what}: ${state}`, { hint: 'Name a file of text' })
    }
    const bytes = stats.size > most ? null : readFileSync(descriptor)
    if (bytes !== null && bytes.length <= most) return bytes
    throw new OrchError('USAGE', `${what}: it has ${bytes?.length ?? stats.size} bytes, more than ${most}`, {
      hint: 'Shorten it, or name its path in the task: the agent reads it itself',
    })
  } catch (cause) {
    if (cause instanceof OrchError) throw cause
    const error = fileError(cause, what, 'FILE_NOT_FOUND')
    if (error.code !== 'FILE_NOT_FOUND') throw error
    throw new OrchError(error.code, error.message, { hint: 'Check the path of the file', cause })
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}
