import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { OrchError } from '../errors.ts'
import { recheck, TIMING } from '../timing.ts'
import { mustGit, pathsOf, runGit, saidBy } from './run-git.ts'

/** What merging a branch into the branch of the main checkout would do. */
export type MergeOutlook =
  | {
      readonly kind: 'fits'
      /** The branch the main checkout stands on. */
      readonly into: string
      readonly head: string
      readonly tip: string
      /** How many commits it brings; 0: they are all there already. */
      readonly commits: number
      /** What the main checkout would stand on; `null` where that commit has to be made of `tree` first. */
      readonly commit: string | null
      readonly tree: string | null
    }
  | {
      readonly kind: 'refused'
      readonly text: string
      /** The branch it conflicts with; `null`: something else is in the way. */
      readonly into: string | null
    }

/**
 * Looks what merging would do, and touches nothing: no branch, no index, no file.
 * @throws OrchError `WORKTREE_FAILED`
 */
export async function lookAtMerge(
  project: string,
  branch: string,
  signal: AbortSignal | undefined,
): Promise<MergeOutlook> {
  const verb = `look at a merge of "${branch}"`
  const ask = (...args: string[]): Promise<string> => mustGit(project, args, verb, { signal })
  const symbolic = await runGit(project, ['symbolic-ref', '-q', '--short', 'HEAD'], { signal })
  const into = symbolic.stdout.trim()
  if (into === '') return refused(`the main checkout "${project}" stands on no branch`)
  const [head = '', tip = ''] = (await ask('rev-parse', 'HEAD', `refs/heads/${branch}`)).trim().split('\n')
  const [behind = 0, commits = 0] = (await ask('rev-list', '--left-right', '--count', `${head}...${tip}`))
    .split('\t')
    .map(Number)
  const fits = { kind: 'fits', into, head, tip, commits } as const
  if (commits === 0) return { ...fits, commit: head, tree: null }
  const merged = behind === 0 ? { tree: tip } : await mergeTrees(project, head, tip, signal)
  if ('text' in merged) return refused(merged.text, merged.conflicts ? into : null)
  const touched = await touchedFiles(project, head, merged.tree, signal)
  if (touched.length > 0) return refused(`the main checkout "${project}" has changes of its own in ${named(touched)}`)
  return behind === 0 ? { ...fits, commit: tip, tree: null } : { ...fits, commit: null, tree: merged.tree }
}

/**
 * Merges a branch into the branch that the main checkout stands on, whole or not at all: the merge commit is made beside
 * everything, then the checkout goes forward to it, which git does only where that touches no file of anybody. Merging
 * what is merged is fine.
 * @param tip what the branch has to stand on
 * @param message of the merge commit, where one is needed
 * @returns what the branch of the main checkout stands on then
 * @throws OrchError `MERGE_REFUSED` with the files in the way, and nothing changed; `WORKTREE_FAILED`
 */
export async function mergeBranch(
  project: string,
  {
    branch,
    tip,
    message,
    signal,
  }: { branch: string; tip?: string | undefined; message: string; signal: AbortSignal | undefined },
): Promise<{ readonly into: string; readonly commit: string; readonly commits: number }> {
  let said = ''
  const attempt = async (): Promise<{ into: string; commit: string; commits: number } | undefined> => {
    const outlook = await lookAtMerge(project, branch, signal)
    if (outlook.kind === 'refused') throw mergeRefused(branch, outlook.text)
    if (tip !== undefined && outlook.tip !== tip) throw movedSince(branch)
    const { into, commits } = outlook
    if (commits === 0) return { into, commit: outlook.head, commits }
    const commit = outlook.commit ?? (await commitMerge(project, outlook, { message, branch, signal }))
    // barrier: merge-committed
    const settings = ['--ff-only', '--no-squash', '--commit', '--no-autostash', '--no-overwrite-ignore', '--no-stat']
    const answer = await runGit(project, ['merge', ...settings, commit], { signal })
    if (answer.code === 0 && (await holds(project, { branch: into, commit, signal }))) return { into, commit, commits }
    if (answer.code === 0) throw mergeRefused(branch, `"${into}" does not have it, though git says that it was merged`)
    said = saidBy(answer)
    // Somebody else was faster, or holds the index: it is looked at again.
    if (/Not possible to fast-forward|\.lock'|cannot lock ref|Diverging branches/.test(answer.stderr)) return undefined
    throw mergeRefused(branch, `git says "${answer.stderr.trim().replace(/\s+/g, ' ').slice(0, 1000)}"`)
  }
  const merged = await recheck(attempt, { timeoutMs: TIMING.gitLockMs, everyMs: 50, mostMs: 1_000, signal })
  if (merged !== undefined) return merged
  throw new OrchError('BUSY', `Cannot merge "${branch}": another git works in "${project}" ("${said}")`, {
    hint: 'Run the same command again once that has ended',
    retryable: true,
  })
}

/** Somebody may have switched the main checkout to another branch at the last moment. */
async function holds(
  project: string,
  { branch, commit, signal }: { branch: string; commit: string; signal: AbortSignal | undefined },
): Promise<boolean> {
  const answer = await runGit(project, ['merge-base', '--is-ancestor', commit, `refs/heads/${branch}`], { signal })
  return answer.code === 0
}

async function mergeTrees(
  project: string,
  head: string,
  tip: string,
  signal: AbortSignal | undefined,
): Promise<{ tree: string } | { text: string; conflicts: boolean }> {
  const answer = await runGit(
    project,
    ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', head, tip],
    { signal },
  )
  const [tree = '', ...files] = pathsOf(answer.stdout)
  if (answer.code === 0) return { tree }
  const conflicts = answer.code === 1
  if (conflicts) return { text: `it conflicts with the main checkout in ${named([...new Set(files)])}`, conflicts }
  const isOld = /usage:|unknown option/.test(answer.stderr)
  return { text: `${isOld ? 'git 2.38 or newer is needed for it: ' : ''}git says "${saidBy(answer)}"`, conflicts }
}

/** What the main checkout has changed and the merge would too, ignored files excepted: git itself sees to those. */
async function touchedFiles(
  project: string,
  head: string,
  tree: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const verb = `look at the main checkout "${project}"`
  const [changed, dirty] = await Promise.all([
    mustGit(project, ['diff', '--no-renames', '--name-only', '-z', head, tree], verb, { signal }),
    mustGit(project, ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'], verb, { signal }),
  ])
  const own = pathsOf(dirty).map((entry) => entry.slice(3))
  const theirs = pathsOf(changed)
  const inTheWay = (path: string): boolean =>
    theirs.some((one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`))
  const touched = own.filter(inTheWay)
  if (touched.length === 0) return []
  // What a git that died had brought already is in nobody's way.
  const args = ['--literal-pathspecs', 'diff', '--no-renames', '--name-only', '-z', tree, '--', ...touched]
  const others = pathsOf(await mustGit(project, args, verb, { signal }))
  return touched.filter(
    (path) => others.some((one) => one === path || one.startsWith(`${path}/`)) || !theirs.includes(path),
  )
}

async function commitMerge(
  project: string,
  { head, tip, tree }: { head: string; tip: string; tree: string | null },
  { message, branch, signal }: { message: string; branch: string; signal: AbortSignal | undefined },
): Promise<string> {
  const signs = await runGit(project, ['config', '--type=bool', 'commit.gpgsign'], { signal })
  const signed = signs.stdout.trim() === 'true' ? ['-S'] : []
  const args = ['commit-tree', ...signed, tree as string, '-p', head, '-p', tip, '-m', message]
  return (await mustGit(project, args, `make the merge of "${branch}"`, { signal })).trim()
}

/** The hooks of the repository that `git merge` runs at a merge commit, and this does not: one is made beside every checkout. */
export async function hooksPassedOver(project: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const args = ['rev-parse', '--path-format=absolute', '--git-path', 'hooks']
  const folder = (await mustGit(project, args, 'find the hooks', { signal })).trim()
  return ['pre-merge-commit', 'prepare-commit-msg', 'commit-msg'].filter((name) => isExecutable(join(folder, name)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Files in one line, the first ones by name. */
export function named(files: readonly string[]): string {
  const shown = files.slice(0, 5).map((file) => `"${file}"`)
  const rest = files.length - shown.length
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** That what a branch holds now is not what was verified. */
function movedSince(branch: string): OrchError {
  return new OrchError('BUSY', `Cannot merge "${branch}": it does not stand where it was verified any more`, {
    hint: 'Run the same command again once nobody commits to it',
    retryable: true,
  })
}

/** That a merge is not made. */
export function mergeRefused(branch: string, why: string): OrchError {
  return new OrchError('MERGE_REFUSED', `Cannot merge "${branch}": ${why}`, {
    hint: 'Mend that, or keep the branch with --keep',
  })
}

function refused(text: string, into: string | null = null): MergeOutlook {
  return { kind: 'refused', text, into }
}
