import { realpathSync } from 'node:fs'
import type { ProgramSpec } from '../backend.ts'
import { fileError, isOrchError, OrchError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { readRegularFile } from '../regular-file.ts'
import type { LimitsConfig, WorktreeConfig } from './config.ts'
import { parseJsonc } from './jsonc.ts'

/** What a configuration file says: what the schema allows. */
export interface ConfigFile {
  readonly defaultBackend?: string
  readonly backends?: Record<string, JsonObject & { readonly module?: string }>
  readonly programs?: Record<string, Partial<Omit<ProgramSpec, 'name'>>>
  readonly models?: Record<string, string>
  readonly notify?: string | readonly string[]
  readonly verify?: string | readonly string[]
  readonly skills?: readonly string[]
  readonly maxParallel?: number
  readonly limits?: Partial<LimitsConfig>
  readonly worktree?: Partial<Omit<WorktreeConfig, 'setup'>> & { readonly setup?: string | readonly string[] }
}

/**
 * Reads one configuration file; what is not there says nothing.
 * @param onProblem is told why the file is not valid; its other keys are the content then. @default it is thrown
 * @throws OrchError `CONFIG_INVALID` naming the file and the key, `PERMISSION_DENIED`
 */
export async function readConfigFile(
  file: string,
  onProblem?: (problem: OrchError) => void,
): Promise<{ file: string; content: ConfigFile }> {
  let text: string | null = null
  try {
    text = readConfigText(file)
    return { file, content: text === null ? {} : await parseConfig(file, text) }
  } catch (error) {
    if (onProblem === undefined || !isOrchError(error)) throw error
    onProblem(error)
    return { file, content: text === null ? {} : await usablePart(text) }
  }
}

/** Without the top-level keys that are not valid; nothing of what is no JSON object. */
async function usablePart(text: string): Promise<ConfigFile> {
  const { findConfigProblem } = await import('./schema.ts')
  try {
    let content = parseJsonc(text) as Record<string, unknown>
    for (;;) {
      const problem = findConfigProblem(content)
      if (problem === null) return content as ConfigFile
      const [key = ''] = problem.key.split('.')
      if (!Object.hasOwn(content, key)) return {}
      const { [key]: _, ...others } = content
      content = others
    }
  } catch {
    return {}
  }
}

/**
 * What the text of a configuration file says.
 * @throws OrchError `CONFIG_INVALID` naming the file and the key
 */
export async function parseConfig(file: string, text: string): Promise<ConfigFile> {
  const value = await parseConfigText(file, text)
  const { findConfigProblem } = await import('./schema.ts')
  const problem = findConfigProblem(value)
  if (problem === null) return value as ConfigFile
  const where = problem.key === '' ? '' : ` at "${problem.key}"`
  throw new OrchError('CONFIG_INVALID', `Cannot use the configuration "${file}"${where}: ${problem.text}`, {
    hint: problem.key === '' ? `Mend "${file}"` : `Mend "${problem.key}" in "${file}"`,
  })
}

/**
 * The text of a configuration file, which may be a link; `null` when it is not there. A pipe is refused and not waited for.
 * @throws OrchError `CONFIG_INVALID`, `PERMISSION_DENIED`
 */
export function readConfigText(file: string): string | null {
  try {
    return readRegularFile(realpathSync(file))
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw fileError(cause, `Cannot read the configuration "${file}"`, 'CONFIG_INVALID')
  }
}

/**
 * What the text of a configuration file says, valid or not.
 * @throws OrchError `CONFIG_INVALID` naming the file and the place where it is not JSON
 */
export async function parseConfigText(file: string, text: string): Promise<unknown> {
  try {
    return parseJsonc(text)
  } catch (cause) {
    const { describeJsonProblem } = await import('./json-problem.ts')
    const problem = describeJsonProblem(text)
    throw new OrchError('CONFIG_INVALID', `Cannot use the configuration "${file}": it is not JSON, ${problem}`, {
      hint: `Mend "${file}"`,
      cause,
    })
  }
}
