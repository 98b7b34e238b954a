import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import type { Scope } from '../../../../tests/harness/scope.ts'
import type { AgentRecord, WorktreeRecord } from '../../src/registry/record.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, type Place } from '../harness/place.ts'

/** A repository whose agents work in worktrees of their own. */
export interface WorktreeWorld extends Place {
  /** Spawns an agent with a worktree. */
  agent(task?: string): Promise<AgentRecord & { worktree: WorktreeRecord }>
  /** The record as it stands. */
  record(id: string): Promise<AgentRecord>
  /** Writes a file below any folder. */
  put(folder: string, path: string, text: string): void
  configure(worktree: object): void
}

/** Makes one, with a first commit of `README.md` and `.gitignore`. */
export async function worktreeWorld(scope: Scope): Promise<WorktreeWorld> {
  const place = await createPlace(scope)
  await gitRepository(place.project, { 'README.md': 'one\ntwo\nthree\n', '.gitignore': 'node_modules/\n*.log\n' })
  const record = async (id: string): Promise<AgentRecord> => {
    const stored = await (await place.open()).registry.get(id)
    if (stored === null) throw new Error(`Cannot find the record of "${id}"`)
    return stored.record
  }
  const put = (folder: string, path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return {
    ...place,
    record,
    put,
    configure: (worktree) => put(place.project, '.orch/config.json', JSON.stringify({ worktree })),
    async agent(task = 'x') {
      const { agent } = await spawn(await place.open(), { task, worktree: true })
      const made = await record(agent.id)
      if (made.worktree === undefined) throw new Error('Cannot find its worktree')
      return { ...made, worktree: made.worktree }
    },
  }
}

/** Commits everything in a checkout. */
export async function commitAll(folder: string, message: string, ...options: string[]): Promise<string> {
  await git(folder, 'add', '--all')
  await git(folder, 'commit', '--quiet', '--message', message, ...options)
  return git(folder, 'rev-parse', 'HEAD')
}

/** The branches of a repository. */
export async function branchesOf(project: string): Promise<string[]> {
  return (await git(project, 'for-each-ref', '--format=%(refname:short)', 'refs/heads')).split('\n')
}

/** The folders that git takes for worktrees, the main checkout first. */
export async function worktreesOf(project: string): Promise<string[]> {
  const list = await git(project, 'worktree', 'list', '--porcelain')
  return [...list.matchAll(/^worktree (.*)$/gm)].map(([, path]) => path as string)
}

/** Whether nothing of a worktree is left. */
export async function isGone(project: string, { path }: WorktreeRecord): Promise<boolean> {
  return !existsSync(path) && !(await worktreesOf(project)).includes(path)
}
