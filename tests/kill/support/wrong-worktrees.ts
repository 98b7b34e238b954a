import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Agent } from '@orch/core'
import { git } from '../../harness/git-repository.ts'
import type { RecordFile } from './violations.ts'

/**
 * What must not be among worktrees: one that no record names, a ready one that git does not know or that is not on its
 * branch, and one that was left half made without `status` saying so.
 */
export async function wrongWorktrees(
  project: string,
  records: readonly RecordFile[],
  agents: readonly Agent[],
): Promise<string[]> {
  const folder = join(project, '.orch', 'worktrees')
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => !name.startsWith('.'))
  const listed = [...(await git(project, 'worktree', 'list', '--porcelain')).matchAll(/^worktree (.*)$/gm)]
  const known = listed.map(([, path]) => path as string).filter((path) => path !== project)
  const wrong: string[] = []
  for (const path of new Set([...names.map((name) => join(folder, name)), ...known])) {
    const record = records.find(({ worktree }) => worktree?.path === path)
    if (record?.worktree === undefined) wrong.push(`the worktree ${path} is of no agent`)
    else if (record.worktree.readyAt !== null) wrong.push(...(await wrongReady(path, record.id, known)))
    else if (!agents.some(({ id, reason }) => id === record.id && reason.text.includes(path)))
      wrong.push(`the worktree ${path} is half made, and nobody says so`)
  }
  return wrong
}

async function wrongReady(path: string, id: string, known: readonly string[]): Promise<string[]> {
  if (!known.includes(path)) return [`git does not know the worktree ${path}`]
  const branch = await git(path, 'rev-parse', '--abbrev-ref', 'HEAD').catch(() => 'unreadable')
  return branch === `orch/${id}` ? [] : [`the worktree ${path} is on ${branch}`]
}
