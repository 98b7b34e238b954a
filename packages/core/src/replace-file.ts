import { closeSync, fdatasyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { uniqueId } from './unique.ts'

/**
 * Replaces a file whole: a reader sees the old text or the new one, never a part, also after a power loss. Throws what the
 * operating system says.
 * @default mode 0600
 */
export function replaceFile(file: string, text: string, mode = 0o600): void {
  const scratch = `${file}.${uniqueId()}`
  try {
    const descriptor = openSync(scratch, 'wx', mode)
    try {
      writeFileSync(descriptor, text)
      fdatasyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(scratch, file)
  } finally {
    rmSync(scratch, { force: true })
  }
}

/** Makes a file, whole or not at all; `false` when something of that name is there. Throws what the operating system says. */
export function createFile(file: string, text: string, mode = 0o600): boolean {
  const scratch = `${file}.${uniqueId()}`
  try {
    writeFileSync(scratch, text, { flag: 'wx', mode })
    linkSync(scratch, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(scratch, { force: true })
  }
}
