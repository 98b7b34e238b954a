import { execFile } from 'node:child_process'
import { OrchError } from '../errors.ts'
import { gitEnvironment } from '../git.ts'
import { TIMING, withDeadline } from '../timing.ts'
import { mustGit, runGit, saidBy } from './run-git.ts'

/** What a pull request is opened with. */
export interface PullRequest {
  readonly project: string
  readonly branch: string
  /** What of it is pushed; left out: where it stands. */
  readonly commit?: string | undefined
  /** The branch it is to be merged into; `null`: the default one of its host. */
  readonly into: string | null
  readonly title: string
  readonly body: string
  readonly signal: AbortSignal | undefined
}

/** Where a branch is pushed to: where its target comes from, else `origin`, else the only remote; `null` without one. */
export async function remoteFor(
  project: string,
  into: string | null,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const remotes = (await mustGit(project, ['remote'], 'list the remotes', { signal })).split('\n').filter(Boolean)
  const key =
    into === null ? '' : (await runGit(project, ['config', `branch.${into}.remote`], { signal })).stdout.trim()
  const [first, second] = remotes
  if (remotes.includes(key)) return key
  if (remotes.includes('origin')) return 'origin'
  return second === undefined ? (first ?? null) : null
}

/**
 * Pushes the branch, never by force, and opens a pull request with `gh` where that is installed; one that is open already
 * is that one.
 * @returns what was done, or what is left to do, and its address where that is known
 * @throws OrchError `MERGE_REFUSED` when the push or `gh` is refused
 */
export async function openPullRequest(
  request: PullRequest,
  remote: string,
): Promise<{ readonly text: string; readonly place: string | null }> {
  const { project, branch, into, signal } = request
  const ref = `refs/heads/${branch}`
  const pushed = await runGit(project, ['push', '--porcelain', remote, `${request.commit ?? ref}:${ref}`], { signal })
  if (pushed.code !== 0) throw refused(branch, `push "${branch}" to "${remote}"`, saidBy(pushed))
  // barrier: branch-pushed
  const known = await gh(
    project,
    ['pr', 'view', branch, '--json', 'url,state', '--jq', 'select(.state=="OPEN").url'],
    signal,
  )
  if (known === null) return { text: leftToDo(request, remote), place: addressIn(pushed.stderr) }
  const open = known.code === 0 ? addressIn(known.stdout) : null
  if (open !== null) return { text: `Pushed to "${remote}"; its pull request is ${open}`, place: open }
  const base = into === null ? [] : [`--base=${into}`]
  const words = ['pr', 'create', `--head=${branch}`, ...base, `--title=${request.title}`, `--body=${request.body}`]
  const made = await gh(project, words, signal)
  if (made?.code !== 0) throw refused(branch, `open a pull request for "${branch}"`, made?.stderr.trim() ?? '')
  const place = addressIn(made.stdout)
  return { text: `Pushed to "${remote}"; opened the pull request ${place ?? ''}`.trim(), place }
}

function leftToDo({ branch, into }: PullRequest, remote: string): string {
  const base = into === null ? '' : ` --base ${into}`
  return `Pushed to "${remote}"; "gh" is not installed: open the pull request there, or with "gh pr create --head ${branch}${base}"`
}

/** `null` where there is no such program. */
function gh(
  project: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string } | null> {
  const env = { ...gitEnvironment(), GH_PROMPT_DISABLED: '1', NO_COLOR: '1' }
  return withDeadline(
    TIMING.gitTimeoutMs,
    signal,
    (inner) =>
      new Promise((resolve) => {
        execFile('gh', [...args], { cwd: project, env, signal: inner }, (error, stdout, stderr) => {
          const { code = 0 } = error ?? {}
          resolve(code === 'ENOENT' ? null : { code: typeof code === 'number' ? code : 1, stdout, stderr })
        })
      }),
  )
}

function addressIn(text: string): string | null {
  return /https?:\/\/[^\s"'<>]+/.exec(text)?.[0] ?? null
}

function refused(branch: string, what: string, said: string): OrchError {
  return new OrchError('MERGE_REFUSED', `Cannot ${what}: it says "${said.slice(0, 400)}"`, {
    hint: `Mend that and run the same command again, or keep "${branch}" with --keep`,
    outcome: 'partial',
  })
}
