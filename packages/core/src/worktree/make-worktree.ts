import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadConfig } from '../config/config.ts'
import { fileError, OrchError } from '../errors.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { updateRecord } from '../orchestrator/update-record.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import type { AgentRecord, StoredRecord, WorktreeRecord } from '../registry/record.ts'
import { startPath } from '../spawn/start-path.ts'
import { isWorktree } from './look-at-worktree.ts'
import { WORKTREES } from './plan-worktree.ts'
import { processesIn, WORKTREE_VARIABLE } from './processes-in.ts'
import { discardWorktree } from './remove-worktree.ts'
import { type GitAnswer, gitError, runGit } from './run-git.ts'
import { setUp } from './set-up.ts'
import { shareFiles } from './share-files.ts'

/**
 * Makes the worktree that a record names, on a branch of its own, with the files and the set-up that the configuration
 * wants, and records that it is ready. What a killed process left half made is made again: no agent was ever in it.
 * @returns the record as it is then
 * @throws OrchError `WORKTREE_FAILED`, `PROGRAM_MISSING`, `BUSY` while the git or the set-up of a killed process still runs
 */
export async function makeWorktree(
  orch: Orch,
  stored: StoredRecord,
  worktree: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<StoredRecord> {
  const { record } = stored
  const { path } = worktree
  if (worktree.readyAt !== null && existsSync(path)) return stored
  await clearWay(record, worktree, signal)
  prepareFolder(record.project, dirname(path))
  await addWorktree(record.project, worktree, signal)
  // barrier: worktree-added
  const { worktree: wanted } =
    record.project === orch.project ? orch.config : await loadConfig(record.project, orch.env)
  await shareFiles(record.project, path, wanted, signal)
  // barrier: worktree-shared
  mkdirSync(record.directory, { recursive: true })
  const PATH = startPath(orch, record) ?? orch.env.PATH
  if (wanted.setup !== null) await setUp(wanted.setup, record, { ...orch.env, PATH }, signal)
  // barrier: worktree-set-up
  const ready = { ...worktree, readyAt: new Date().toISOString() }
  return await updateRecord(orch, stored, 'worktree', () => ({ worktree: ready }))
}

async function clearWay(
  { id, project }: AgentRecord,
  worktree: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (processesIn(worktree.path).length > 0)
    throw new OrchError('BUSY', `Cannot make the worktree of "${id}": what a killed process started there still runs`, {
      hint: 'Run the same command again once that has ended',
      agent: id,
      retryable: true,
    })
  await discardWorktree(project, worktree, signal)
}

/** A folder of ours is ignored whole, whatever the project's own files say. */
function prepareFolder(project: string, folder: string): void {
  try {
    makePrivateDirectory(folder)
    if (folder === join(project, WORKTREES)) writeFileSync(join(folder, '.gitignore'), '*\n', { mode: 0o600 })
  } catch (cause) {
    throw fileError(cause, `Cannot make the folder of worktrees "${folder}"`, 'WORKTREE_FAILED')
  }
}

async function addWorktree(
  project: string,
  { path, branch, base }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  const tip = await runGit(project, ['rev-parse', '--verify', '-q', `refs/heads/${branch}`], { signal })
  // A branch that is there has commits, or it would have been taken away.
  if (tip.code !== 0) {
    const branched = await runGit(project, ['branch', '--no-track', '--', branch, base], { signal })
    if (branched.code !== 0) throw addFailed(project, branched, `Cannot make the branch "${branch}"`)
  }
  // Twice forced: what a killed git left is locked.
  const args = ['worktree', 'add', '-f', '-f', path, branch]
  const made = await runGit(project, args, { signal, env: { [WORKTREE_VARIABLE]: path } })
  if (made.code === 0) return
  // Git takes away what it could not make: only a hook that ends badly leaves it.
  if (isWorktree(path)) throw hookFailed(path, made)
  throw addFailed(project, made, `Cannot make the worktree "${path}"`)
}

function addFailed(project: string, answer: GitAnswer, text: string): OrchError {
  // Git tells that it could not write, and not why.
  const isFull = /(unable to|couldn't|could not) write/.test(answer.stderr)
  const hint = isFull
    ? 'Make sure that its disk has room, then try again'
    : `Look at "git worktree list" in "${project}"`
  return gitError(answer, text, hint)
}

function hookFailed(path: string, { stdout, stderr }: GitAnswer): OrchError {
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => !/^(Preparing worktree|HEAD is now at)/.test(line))
  const said = lines.join('\n').trim().slice(0, 600)
  const text = `Cannot make the worktree "${path}": the hook "post-checkout" of its repository ended badly`
  return new OrchError('WORKTREE_FAILED', said === '' ? text : `${text}, after it said:\n${said}`, {
    hint: 'Mend that hook, or take it away',
  })
}
