import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Agent, RecoverDocument } from '@orch/core'
import { git } from '../../harness/git-repository.ts'
import type { Place } from '../../stories/support/place.ts'
import type { RecordFile } from './violations.ts'

/**
 * What must not be among worktrees: one that no record names, a ready one that git does not know or that is not on its
 * branch, one that was left half made or half removed and that `recover` does not name, and one that was left half made by an
 * open agent without `status` saying so. Of an agent that has ended git may know one still: the next `clean` has it forgotten.
 */
export async function wrongWorktrees(
  { project, ...place }: Place,
  records: readonly RecordFile[],
  agents: readonly Agent[],
): Promise<string[]> {
  const folder = join(project, '.orch', 'worktrees')
  const all = await readdir(folder).catch((): string[] => [])
  const names = all.filter((name) => !name.startsWith('.'))
  const listed = [...(await git(project, 'worktree', 'list', '--porcelain')).matchAll(/^worktree (.*)$/gm)]
  const known = listed.map(([, path]) => path as string).filter((path) => path !== project)
  const { findings } = await place.json<RecoverDocument>('recover', '--dry-run')
  const isNamed = (path: string): boolean => findings.some(({ text }) => text.includes(`"${path}"`))
  const removed = all.filter((name) => name.startsWith('.removed-')).map((name) => name.replace('.removed-', ''))
  const wrong = removed.filter((id) => !isNamed(join(folder, id))).map((id) => `${id} is half removed, says nobody`)
  for (const path of new Set([...names.map((name) => join(folder, name)), ...known])) {
    const record = records.find(({ worktree }) => worktree?.path === path)
    const isShown = agents.some(({ id, reason }) => id === record?.id && reason.text.includes(path))
    if (record?.worktree === undefined) wrong.push(`the worktree ${path} is of no agent`)
    else if (record.folder === 'ended' && !names.includes(basename(path))) continue
    else if (record.worktree.readyAt !== null) wrong.push(...(await wrongReady(path, record.id, known)))
    else if (!isNamed(path) || (record.folder === 'agents' && !isShown))
      wrong.push(`the worktree ${path} is half made, and nobody says so`)
  }
  return wrong
}

async function wrongReady(path: string, id: string, known: readonly string[]): Promise<string[]> {
  if (!known.includes(path)) return [`git does not know the worktree ${path}`]
  const branch = await git(path, 'rev-parse', '--abbrev-ref', 'HEAD').catch(() => 'unreadable')
  return branch === `orch/${id}` ? [] : [`the worktree ${path} is on ${branch}`]
}
