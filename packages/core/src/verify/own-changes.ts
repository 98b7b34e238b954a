import { lstatSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgentChanges } from '../documents.ts'
import { git } from '../git.ts'
import type { AgentRecord } from '../registry/record.ts'
import { isWorktree } from '../worktree/look-at-worktree.ts'

/** What git shows of an agent's directory, and what of it is of the time since its spawn. */
export interface ChangesLook {
  readonly changes: AgentChanges
  /** The top of the checkout. */
  readonly root: string
  /** Paths that were dirty before and were not touched since. */
  readonly before: readonly string[]
  /** Paths that a merge left in conflict. */
  readonly conflicts: readonly string[]
  /** Another one for every change of a file or a commit. */
  readonly fingerprint: string
}

interface DirtyPath {
  readonly path: string
  readonly isInConflict: boolean
  /** When it was last changed, in milliseconds since the epoch; of a path that is gone: its folder. */
  readonly changedAt: number
}

/**
 * What changed since the agent's spawn: commits that were made since, and files that are not committed and were changed since. A file
 * that was not touched since its spawn is not its, and neither is a commit that is older. `null` where git tells nothing,
 * or would tell of the checkout around a worktree that is none any more.
 * @param sharedWith agents that worked in the same directory meanwhile
 */
export async function readOwnChanges(
  record: Pick<AgentRecord, 'directory' | 'base' | 'spawnedAt' | 'worktree'>,
  sharedWith: readonly string[],
  signal?: AbortSignal,
): Promise<ChangesLook | null> {
  const { directory, base, worktree } = record
  if (worktree !== undefined && !isWorktree(worktree.path)) return null
  const [root, status] = await Promise.all([
    git(directory, ['rev-parse', '--show-toplevel'], signal),
    git(directory, ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all'], signal),
  ])
  if (root === null || status === null) return null
  const { head, branch, paths } = parseStatus(status)
  const top = root.replace(/\n$/, '')
  const dirty = paths.map((path) => datedPath(top, path))
  // What sets a worktree up writes there too, before the agent does.
  const begun = Date.parse(record.worktree?.readyAt ?? record.spawnedAt)
  // A clock that was set back tells nothing of what came before: all of it counts.
  const since = begun > Date.now() ? 0 : begun
  const commits = head === null || head === base ? [] : await commitsSince(directory, { base, since }, signal)
  const own = dirty.filter(({ changedAt }) => changedAt >= since)
  return {
    root: top,
    before: dirty.filter(({ changedAt }) => changedAt < since).map(({ path }) => path),
    changes: {
      base,
      head,
      branch,
      commits,
      dirty: own.map(({ path }) => path),
      dirtyBefore: dirty.length - own.length,
      sharedWith,
    },
    conflicts: dirty.filter(({ isInConflict }) => isInConflict).map(({ path }) => path),
    fingerprint: JSON.stringify([status, dirty]),
  }
}

/** A second begins with its first millisecond: commits are dated in seconds. */
async function commitsSince(
  directory: string,
  { base, since }: { readonly base: string | null; readonly since: number },
  signal: AbortSignal | undefined,
): Promise<AgentChanges['commits']> {
  const range = base === null ? 'HEAD' : `${base}..HEAD`
  const log = await git(directory, ['log', '-z', '--format=%H%x09%cI%x09%s', range], signal)
  return (log ?? '')
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [hash = '', at = '', ...subject] = line.split('\t')
      return { hash, at, subject: subject.join('\t') }
    })
    .filter(({ at }) => Date.parse(at) >= Math.floor(since / 1000) * 1000)
}

interface Status {
  readonly head: string | null
  readonly branch: string | null
  readonly paths: readonly Omit<DirtyPath, 'changedAt'>[]
}

/** git-status(1), porcelain format version 2 with NUL: how many fields stand before the path. */
const FIELDS: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10, '?': 1 }

function parseStatus(text: string): Status {
  const headers = new Map<string, string>()
  const paths: Omit<DirtyPath, 'changedAt'>[] = []
  const entries = text.split('\0')
  for (let index = 0; index < entries.length; index++) {
    const fields = (entries[index] as string).split(' ')
    const [kind = ''] = fields
    const before = FIELDS[kind]
    if (kind === '#') headers.set(fields[1] ?? '', fields.slice(2).join(' '))
    if (before !== undefined) paths.push({ path: fields.slice(before).join(' '), isInConflict: kind === 'u' })
    if (kind === '2') index++
  }
  const oid = headers.get('branch.oid')
  const branch = headers.get('branch.head')
  return {
    head: oid === undefined || oid === '(initial)' ? null : oid,
    branch: branch === undefined || branch === '(detached)' ? null : branch,
    paths,
  }
}

/** The time of the inode: nobody sets it, and a file that is moved into its place gets a new one. */
function datedPath(root: string, { path, isInConflict }: Omit<DirtyPath, 'changedAt'>): DirtyPath {
  let place = join(root, path)
  let stats = statsOf(place)
  while (stats === undefined && place !== root && dirname(place) !== place) {
    place = dirname(place)
    stats = statsOf(place)
  }
  return { path, isInConflict, changedAt: stats?.ctimeMs ?? Number.MAX_SAFE_INTEGER }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
