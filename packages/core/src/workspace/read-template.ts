import { join } from 'node:path'
import { readTextFileIfThere } from '../text-file.ts'
import type { ContextTemplate } from './context-template.ts'

/** Bytes of a template. */
const LARGEST_TEMPLATE = 100_000

/**
 * The template for contexts: `templates/SPAWN_CONTEXT.md` in the first of these folders that has one; `null` for the one that
 * orch brings.
 * @param folders `.orch` of the project, then the user's configuration folder
 * @throws OrchError `FILE_NOT_FOUND`, `PERMISSION_DENIED`, `DISK`, `USAGE` for one that cannot be read as text
 */
export function readTemplate(folders: readonly string[]): ContextTemplate | null {
  for (const folder of folders) {
    const file = join(folder, 'templates', 'SPAWN_CONTEXT.md')
    const text = readTextFileIfThere(file, `Cannot read the template "${file}"`, LARGEST_TEMPLATE)
    if (text !== null) return { file, text }
  }
  return null
}
