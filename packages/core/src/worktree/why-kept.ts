import { resolve } from 'node:path'
import type { Reason } from '../agent.ts'
import { isWithin, realPath } from '../real-path.ts'
import type { AgentRecord, WorktreeRecord } from '../registry/record.ts'
import type { Registry } from '../registry/registry.ts'
import { lookAtDeliverables } from '../workspace/deliverables.ts'
import { isWorktree } from './look-at-worktree.ts'
import { processesIn } from './processes-in.ts'
import { mustGit, runGit } from './run-git.ts'

/**
 * Why a worktree whose folder is there stays, whatever it holds; `null` when it may go.
 * @throws OrchError `WORKTREE_FAILED`
 */
export async function whyKept(
  registry: Registry,
  record: AgentRecord,
  { path, readyAt }: WorktreeRecord,
  signal: AbortSignal | undefined,
): Promise<Reason | null> {
  const [pid] = processesIn(path)
  if (pid !== undefined) return { code: 'IN_USE', text: `Process ${pid} works in it` }
  const other = await openAgentIn(registry, path, record.id)
  if (other !== null) return { code: 'IN_USE', text: `The agent "${other}" works in it` }
  if (!isWorktree(path)) return readyAt === null ? null : { code: 'NO_WORKTREE', text: 'It is no worktree any more' }
  const lock = /^locked ?(.*)$/m.exec((await entryOf(record.project, path, signal)) ?? '')
  if (lock !== null && (lock[1] !== 'initializing' || readyAt !== null))
    return { code: 'LOCKED', text: `It is locked${lock[1] ? `: ${lock[1]}` : ''}` }
  const only = await ignoredDeliverable(record, path, signal)
  if (only === null) return null
  return { code: 'DELIVERABLE', text: `Git ignores the deliverable "${only}" in it: move it away` }
}

/** What git knows of a worktree; `null`: nothing. */
export async function entryOf(project: string, path: string, signal: AbortSignal | undefined): Promise<string | null> {
  const list = await mustGit(project, ['worktree', 'list', '--porcelain'], 'list the worktrees', { signal })
  return list.split('\n\n').find((one) => one.startsWith(`worktree ${realPath(path)}\n`)) ?? null
}

/** Its directory may be anywhere in it: an agent that was spawned by the one whose worktree it is works there too. */
async function openAgentIn(registry: Registry, path: string, owner: string): Promise<string | null> {
  const { records } = await registry.list('open')
  const others = records.filter(({ record, closed }) => !closed && record.id !== owner)
  return others.find(({ record }) => isWithin(path, record.directory))?.record.id ?? null
}

/** A deliverable that neither a commit nor a patch holds. */
async function ignoredDeliverable(
  record: AgentRecord,
  checkout: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const paths = lookAtDeliverables(record)
    .filter(({ exists }) => exists)
    .map(({ path }) => resolve(record.directory, path))
    .filter((path) => isWithin(checkout, path))
  if (paths.length === 0) return null
  const args = ['-c', 'core.quotePath=false', 'check-ignore', '--', ...paths]
  return (await runGit(checkout, args, { signal })).stdout.split('\n')[0] || null
}
