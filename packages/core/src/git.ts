import { execFile } from 'node:child_process'
import type { GitInfo } from './documents.ts'
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

/** What changed in `directory` since the commit `base`; `null` outside a git work tree. */
export async function readGitInfo(
  directory: string,
  base: string | null,
  signal?: AbortSignal,
): Promise<GitInfo | null> {
  const head = await readGitHead(directory, signal)
  const status = await git(directory, ['status', '--porcelain', '-z', '--untracked-files=normal'], signal)
  if (status === null) return null
  const since = (...args: string[]): Promise<string | null> | null =>
    base === null ? null : git(directory, args, signal)
  const [log, stat] = await Promise.all([
    since('log', '-z', '--format=%H%x09%cI%x09%s', `${base}..HEAD`),
    since('diff', '--shortstat', '--no-ext-diff', '--no-textconv', `${base}`, '--'),
  ])
  return {
    base,
    head: head.commit,
    branch: head.branch,
    commits: (log ?? '').split('\0').filter(Boolean).map(parseCommit),
    dirty: parseStatus(status),
    stat: stat === null ? null : parseStat(stat),
  }
}

/** ` 2 files changed, 3 insertions(+), 1 deletion(-)`, each part left out when it is none. */
function parseStat(text: string): NonNullable<GitInfo['stat']> {
  const count = (what: RegExp): number => Number(what.exec(text)?.[1] ?? 0)
  return { files: count(/(\d+) file/), insertions: count(/(\d+) insertion/), deletions: count(/(\d+) deletion/) }
}

function parseCommit(line: string): { hash: string; subject: string; at: string } {
  const [hash = '', at = '', ...subject] = line.split('\t')
  return { hash, at, subject: subject.join('\t') }
}

/** Porcelain v1 with NUL: `XY path`, and for a rename its old path as a further entry. */
function parseStatus(text: string): string[] {
  const entries = text.split('\0').filter(Boolean)
  const paths: string[] = []
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as string
    paths.push(entry.slice(3))
    if (/^.?[RC]/.test(entry)) i++
  }
  return paths
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
