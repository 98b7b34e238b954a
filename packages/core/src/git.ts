import { execFile } from 'node:child_process'
import { createSharing } from './sharing.ts'

/** The commit and branch a directory stands on; both `null` outside git and before the first commit. */
export interface GitHead {
  readonly commit: string | null
  readonly branch: string | null
}

/** What git shows as the branch when there is none. */
const DETACHED = 'HEAD'

const heads = createSharing<GitHead>()

/** Asks git for the head of `directory`; many at once share the answer. Rejects at abort only: no git is an answer. */
export async function readGitHead(directory: string, signal?: AbortSignal): Promise<GitHead> {
  signal?.throwIfAborted()
  return heads.ask(directory, signal, (limited) => askForHead(directory, limited))
}

async function askForHead(directory: string, signal: AbortSignal): Promise<GitHead> {
  const both = await git(directory, ['rev-parse', 'HEAD', '--abbrev-ref', 'HEAD'], signal)
  const [commit = null, branch = null] = both?.split('\n') ?? []
  if (commit !== null) return { commit, branch: branch === DETACHED ? null : branch }
  const unborn = await git(directory, ['symbolic-ref', '--short', '-q', 'HEAD'], signal)
  return { commit: null, branch: unborn?.trim() || null }
}

/** Set in a git hook, and then another repository than the directory's would be asked. */
const OF_ANOTHER = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_PREFIX']

/** The same environment for a program that works where it is started. */
export function withoutOtherRepository<T>(env: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_ANOTHER.includes(name)))
}

/** The environment of this process for a git that works where it is started. */
export function gitEnvironment(): Record<string, string | undefined> {
  return withoutOtherRepository(process.env)
}

/** What git prints in a directory; `null` when it fails, is missing, or the directory is. */
export function git(directory: string, args: readonly string[], signal?: AbortSignal): Promise<string | null> {
  const options = { cwd: directory, env: gitEnvironment(), maxBuffer: 64 * 1024 * 1024, ...(signal ? { signal } : {}) }
  return new Promise((resolve, reject) => {
    execFile('git', ['--no-optional-locks', ...args], options, (error, stdout) => {
      if (signal?.aborted) reject(signal.reason)
      else resolve(error ? null : stdout)
    })
  })
}
