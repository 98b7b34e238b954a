import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { uniqueId } from './unique.ts'

/**
 * Replaces a file whole: a reader sees the old text or the new one, never a part. Throws what the operating system says.
 * @default mode 0600
 */
export function replaceFile(file: string, text: string, mode = 0o600): void {
  const scratch = `${file}.${uniqueId()}`
  try {
    writeFileSync(scratch, text, { flag: 'wx', mode, flush: true })
    renameSync(scratch, file)
  } finally {
    rmSync(scratch, { force: true })
  }
}
