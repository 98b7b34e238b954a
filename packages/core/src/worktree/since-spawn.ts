import type { ChangesLook } from '../verify/own-changes.ts'
import { pathsOf, runGit } from './run-git.ts'

/** What one call may name at most, in characters: Linux takes 2 MB of arguments. */
const MOST_CHARACTERS = 500_000

/** Arguments for `git diff` that leave out what is not of the time since an agent's spawn. */
export interface SinceSpawn {
  /** Pathspecs; none when nothing is left out. */
  readonly pathspecs: readonly string[]
  /** How many files are left out. */
  readonly dirtyBefore: number
}

/**
 * What was dirty before the spawn of an agent, was not touched since, and is in no commit since, is left out of its changes.
 * Where that is too much to be named, nothing is.
 * @param checkout its top
 * @param base what its changes are counted from
 */
export async function sinceSpawn(
  checkout: string,
  base: string,
  { before }: Pick<ChangesLook, 'before'>,
  signal: AbortSignal | undefined,
): Promise<SinceSpawn> {
  if (before.length === 0) return { pathspecs: [], dirtyBefore: before.length }
  const committed = await runGit(checkout, ['diff', '--name-only', '--no-renames', '-z', base, 'HEAD', '--'], {
    signal,
  })
  const own = new Set(pathsOf(committed.stdout))
  const pathspecs = before.filter((path) => !own.has(path)).map((path) => `:(top,exclude,literal)${path}`)
  const length = pathspecs.reduce((total, one) => total + one.length + 1, 0)
  return length > MOST_CHARACTERS ? { pathspecs: [], dirtyBefore: 0 } : { pathspecs, dirtyBefore: pathspecs.length }
}
