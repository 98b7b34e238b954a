import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { ProgramSpec } from '../backend.ts'
import { OrchError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { splitWords } from '../split-words.ts'
import { moduleUrl } from './module-url.ts'
import { type ConfigFile, readConfigFile } from './read-config-file.ts'

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
  /** The command that is run when somebody who watches sees an agent change its state, as its words. */
  readonly notify: readonly string[] | null
  /** The command that verifies work where neither the caller nor the skill says one, as its words. */
  readonly verify: readonly string[] | null
  /** Further folders to look for skills in; absolute. */
  readonly skills: readonly string[]
  /** How many agents of the project are started at once where the caller does not say; `null`: any number. */
  readonly maxParallel: number | null
  readonly worktree: WorktreeConfig
  readonly limits: LimitsConfig
}

/** What keeps agents that start agents in check. */
export interface LimitsConfig {
  /** How many generations of agents may stand below one that no agent started. @default 3 */
  readonly depth: number
  /** How many open agents one agent may have started. @default 20 */
  readonly children: number
  /** With how many open agents in its project no agent starts another one. @default 100 */
  readonly agents: number
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

/** As `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads `.orch/config.json` of the project and the user's `orch/config.json` under `XDG_CONFIG_HOME`.
 * The environment (`ORCH_BACKEND`) outranks the project's file, that one the user's. Nothing there is fine.
 * @param onProblem is told of a file that is not valid, whose other keys then count. @default it is thrown
 * @throws OrchError `CONFIG_INVALID` naming the file and the key, `PERMISSION_DENIED`
 */
export async function loadConfig(
  project: string,
  env: Environment,
  onProblem?: (problem: OrchError) => void,
): Promise<Config> {
  const { user: userFile, project: ownFile } = configFiles(project, env)
  const user = await readConfigFile(userFile, onProblem)
  const own = await readConfigFile(ownFile, onProblem)
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
    notify: wordsOf(own.content.notify ?? user.content.notify),
    verify: wordsOf(own.content.verify ?? user.content.verify),
    worktree: worktreeOf({ ...user.content.worktree, ...own.content.worktree }),
    limits: { depth: 3, children: 20, agents: 100, ...user.content.limits, ...own.content.limits },
    maxParallel: own.content.maxParallel ?? user.content.maxParallel ?? null,
    skills: skillsOf(own.content.skills === undefined ? user : own, env),
  }
}

function skillsOf({ file, content }: { file: string; content: ConfigFile }, env: Environment): readonly string[] {
  return (content.skills ?? []).map((path) => pathFrom(path, dirname(file), env))
}

function worktreeOf({ setup, link, copy, directory }: NonNullable<ConfigFile['worktree']>): WorktreeConfig {
  return { setup: wordsOf(setup), link: link ?? [], copy: copy ?? [], directory: directory ?? null }
}

/** A command as its words; the schema has seen that it has some. */
function wordsOf(command: string | readonly string[] | undefined): readonly string[] | null {
  return typeof command === 'string' ? splitWords(command) : (command ?? null)
}

/** A path of a configuration: `~/` is the home directory, a relative one starts from the configuration's directory. */
function pathFrom(path: string, directory: string, env: Environment): string {
  return path === '~' || path.startsWith('~/') ? join(homeDirectory(env), path.slice(1)) : resolve(directory, path)
}

/** The two files that {@link loadConfig} reads. */
export function configFiles(project: string, env: Environment): { readonly user: string; readonly project: string } {
  return { user: join(configDirectory(env), 'config.json'), project: join(project, '.orch', 'config.json') }
}

/** `$XDG_CONFIG_HOME/orch`, by default `~/.config/orch`. */
export function configDirectory(env: Environment): string {
  return join(userConfigDirectory(env), 'orch')
}

/** `$XDG_CONFIG_HOME`, by default `~/.config`: other programs have their folders there as well. */
export function userConfigDirectory(env: Environment): string {
  return absolute(env.XDG_CONFIG_HOME) ?? join(homeDirectory(env), '.config')
}

/** `$XDG_STATE_HOME/orch`, by default `~/.local/state/orch`. */
export function stateDirectory(env: Environment): string {
  return join(absolute(env.XDG_STATE_HOME) ?? join(homeDirectory(env), '.local', 'state'), 'orch')
}

/**
 * The user's home directory.
 * @throws OrchError `CONFIG_INVALID` when neither `HOME` nor the system names one
 */
export function homeDirectory(env: Environment): string {
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
