import { loadModule, OrchError } from '@orch/core'
import { PROGRAM_API_VERSION, type Program, type ProgramModule } from './program.ts'

/** The key of a run whose program is a module: its URL, in letters that a tmux option keeps as they are. */
const KEY = /^module:([A-Za-z0-9_-]+)$/

const loaded = new Map<string, Program>()

/** By what a run is known whose program this module is. */
export function moduleKey(url: string): string {
  return `module:${Buffer.from(url).toString('base64url')}`
}

/** The program behind this key, if it is a module's that was loaded before; `null` for any other. */
export function loadedProgram(key: string): Program | null {
  return loaded.get(key) ?? null
}

/**
 * Loads the module of a configured program.
 * @throws OrchError `PROGRAM_INVALID` for one that cannot be loaded, speaks another version, or exports no program
 */
export async function loadProgram(name: string, url: string): Promise<Program> {
  const before = loaded.get(moduleKey(url))
  if (before !== undefined) return before
  const module = await load(name, url)
  const problem = problemOf(module)
  if (problem !== null)
    throw new OrchError('PROGRAM_INVALID', `Cannot use program "${name}" from "${url}": ${problem}`, {
      hint: 'Install a version of that program module that fits this orch',
    })
  loaded.set(moduleKey(url), module.program)
  return module.program
}

/** Loads what the programs of these runs need. A module that is gone leaves its runs to be seen as bare ones. */
export async function loadPrograms(keys: readonly (string | undefined)[]): Promise<void> {
  for (const key of new Set(keys)) {
    const encoded = KEY.exec(key ?? '')?.[1]
    if (encoded === undefined || loaded.has(key ?? '')) continue
    const url = Buffer.from(encoded, 'base64url').toString()
    await loadProgram(url, url).catch(() => {})
  }
}

async function load(name: string, url: string): Promise<ProgramModule> {
  try {
    return (await loadModule(url)) as ProgramModule
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new OrchError('PROGRAM_INVALID', `Cannot load program "${name}" from "${url}": ${text.split('\n')[0]}`, {
      hint: `Install "${url}", or mend "programs.${name}.module" in the configuration`,
      cause,
    })
  }
}

function problemOf({ apiVersion, program }: Partial<ProgramModule>): string | null {
  if (program === undefined) return 'it exports no "program"'
  if (apiVersion !== PROGRAM_API_VERSION)
    return `it speaks version ${apiVersion} of the program interface, orch speaks ${PROGRAM_API_VERSION}`
  const { spec, hooks } = program
  if (typeof spec?.name !== 'string' || typeof spec.command !== 'string' || !Array.isArray(spec.args))
    return '"program.spec" lacks a name, a command or arguments'
  if (!['argument', 'send', 'none'].includes(spec.promptBy)) return '"program.spec.promptBy" is not known'
  if (hooks === null) return null
  const missing = METHODS.find((method) => typeof hooks?.[method] !== 'function')
  return missing === undefined ? null : `"program.hooks" lacks "${missing}"`
}

const METHODS = ['launch', 'statusDirectory', 'entriesOf'] as const
