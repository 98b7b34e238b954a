import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import type { ProgramSpec } from '../backend.ts'
import { fileError, OrchError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { splitWords } from '../split-words.ts'
import { moduleUrl } from './module-url.ts'

/** One backend's part of the configuration. */
export interface BackendConfig {
  /** The module that provides it; `null` for one that is known by name. */
  readonly module: string | null
  /** The directory that a relative `module` starts from. */
  readonly from: string
  /** The files that say something of it. */
  readonly files: readonly string[]
  /** The backend's own options. */
  readonly options: JsonObject
}

/** The configuration after environment, project file and user file were laid over each other. */
export interface Config {
  readonly defaultBackend: string | null
  readonly backends: Readonly<Record<string, BackendConfig>>
  readonly programs: Readonly<Record<string, ProgramSpec>>
  /** Short names for models, as `--model` takes them. */
  readonly models: Readonly<Record<string, string>>
  /** The command that verifies work where neither the caller nor the skill says one, as its words. */
  readonly verify: readonly string[] | null
  readonly worktree: WorktreeConfig
}

/** How the worktrees of agents are made. */
export interface WorktreeConfig {
  /** The command that sets one up, as its words; it runs where the agent will. `null`: nothing is to be done. */
  readonly setup: readonly string[] | null
  /** Untracked paths of the main checkout that are linked into it. */
  readonly link: readonly string[]
  /** Untracked paths of the main checkout that are copied into it. */
  readonly copy: readonly string[]
  /** The folder they are made in, from the main checkout; `null`: `.orch/worktrees`. */
  readonly directory: string | null
}

interface ConfigFile {
  readonly defaultBackend?: string
  readonly backends?: Record<string, JsonObject & { readonly module?: string }>
  readonly programs?: Record<string, Partial<Omit<ProgramSpec, 'name'>>>
  readonly models?: Record<string, string>
  readonly verify?: string | readonly string[]
  readonly worktree?: Partial<Omit<WorktreeConfig, 'setup'>> & { readonly setup?: string | readonly string[] }
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads `.orch/config.json` of the project and the user's `orch/config.json` under `XDG_CONFIG_HOME`.
 * The environment (`ORCH_BACKEND`) outranks the project's file, that one the user's. Nothing there is fine.
 * @throws OrchError `CONFIG_INVALID` naming the file and the key
 */
export async function loadConfig(project: string, env: Environment): Promise<Config> {
  const user = await readConfigFile(join(configDirectory(env), 'config.json'))
  const own = await readConfigFile(join(project, '.orch', 'config.json'))
  const backends: Record<string, BackendConfig> = {}
  const programs: Record<string, ProgramSpec> = {}
  for (const { file, content } of [user, own]) {
    for (const [name, entry] of Object.entries(content.backends ?? {})) {
      const { module, ...options } = entry
      const before = backends[name]
      backends[name] = {
        module: module ?? before?.module ?? null,
        from: module === undefined && before ? before.from : dirname(file),
        files: [...(before?.files ?? []), file],
        options: { ...before?.options, ...options },
      }
    }
    for (const [name, entry] of Object.entries(content.programs ?? {})) {
      const module = entry.module === undefined ? {} : { module: moduleUrl(entry.module, dirname(file)) }
      programs[name] = { name, command: null, args: [], env: {}, promptBy: null, ...entry, ...module }
    }
  }
  const defaultBackend = env.ORCH_BACKEND || own.content.defaultBackend || user.content.defaultBackend || null
  return {
    defaultBackend,
    backends,
    programs,
    models: { ...user.content.models, ...own.content.models },
    verify: wordsOf(own.content.verify ?? user.content.verify),
    worktree: worktreeOf({ ...user.content.worktree, ...own.content.worktree }),
  }
}

function worktreeOf({ setup, link, copy, directory }: NonNullable<ConfigFile['worktree']>): WorktreeConfig {
  return { setup: wordsOf(setup), link: link ?? [], copy: copy ?? [], directory: directory ?? null }
}

/** A command as its words; the schema has seen that it has some. */
function wordsOf(command: string | readonly string[] | undefined): readonly string[] | null {
  return typeof command === 'string' ? splitWords(command) : (command ?? null)
}

/** `$XDG_CONFIG_HOME/orch`, by default `~/.config/orch`. */
export function configDirectory(env: Environment): string {
  return join(absolute(env.XDG_CONFIG_HOME) ?? join(home(env), '.config'), 'orch')
}

/** `$XDG_STATE_HOME/orch`, by default `~/.local/state/orch`. */
export function stateDirectory(env: Environment): string {
  return join(absolute(env.XDG_STATE_HOME) ?? join(home(env), '.local', 'state'), 'orch')
}

/** @throws OrchError `CONFIG_INVALID` when neither `HOME` nor the system names one */
function home(env: Environment): string {
  const own = absolute(env.HOME) ?? absolute(homeOfUser())
  if (own !== undefined) return own
  throw new OrchError('CONFIG_INVALID', 'Cannot find the home directory: HOME is not set to an absolute path', {
    hint: 'Set HOME to an absolute path',
  })
}

/** As the system has it on file: `os.homedir()` would say what `HOME` says. */
function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}

/** The XDG specification: a relative path is to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined
}

async function readConfigFile(file: string): Promise<{ file: string; content: ConfigFile }> {
  const text = readIfThere(file)
  if (text === null) return { file, content: {} }
  const value = parseJson(file, text)
  const { findConfigProblem } = await import('./schema.ts')
  const problem = findConfigProblem(value)
  if (problem === null) return { file, content: value as ConfigFile }
  const where = problem.key === '' ? '' : ` at "${problem.key}"`
  throw new OrchError('CONFIG_INVALID', `Cannot use the configuration "${file}"${where}: ${problem.text}`, {
    hint: problem.key === '' ? `Mend "${file}"` : `Mend "${problem.key}" in "${file}"`,
  })
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw fileError(cause, `Cannot read the configuration "${file}"`, 'CONFIG_INVALID')
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OrchError(
      'CONFIG_INVALID',
      `Cannot use the configuration "${file}": it is not JSON (${(cause as Error).message})`,
      {
        hint: `Mend "${file}"`,
        cause,
      },
    )
  }
}
