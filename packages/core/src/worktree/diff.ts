import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DiffDocument, FileChange } from '../documents.ts'
import { OrchError } from '../errors.ts'
import type { CallOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { assertSound, reread } from '../orchestrator/update-record.ts'
import { realPath } from '../real-path.ts'
import type { AgentRecord } from '../registry/record.ts'
import { readOwnChanges } from '../verify/own-changes.ts'
import { mustGit, runGit } from './run-git.ts'
import { readChanges } from './save-patch.ts'
import { type SinceSpawn, sinceSpawn } from './since-spawn.ts'

/** What `diff` takes. */
export interface DiffOptions extends CallOptions {
  /** Only which files changed, and how much. @default false */
  readonly stat?: boolean | undefined
}

/**
 * What changed since the spawn of an agent: its commits, what is not committed, and files that git does not follow yet; in a
 * checkout that is not its own, by whomever. What was dirty before and is untouched is left out. Of a worktree that is gone it is what its branch has. Changes nothing.
 * @throws OrchError `WORKTREE_FAILED` where there is nothing to compare; `AGENT_NOT_FOUND`, `RECORD_CORRUPT`
 */
export async function diff(orch: Orch, id: string, options: DiffOptions = {}): Promise<DiffDocument> {
  const { record } = assertSound(await reread(orch, id))
  const { signal, stat = false } = options
  const place = await placeOf(record, signal)
  const base = record.base ?? (await emptyTreeIn(place.checkout, signal))
  const lists = [['--numstat', '-z'], ...(stat ? [] : [[]])]
  const { pathspecs, dirtyBefore } = await leftOut(record, base, place, signal)
  const [numbers = '', patch = null] = await readChanges({ ...place, from: base, pathspecs, signal }, ...lists)
  const files = numbers.split('\0').filter(Boolean).map(parseNumbers)
  const sum = (of: 'insertions' | 'deletions'): number => files.reduce((total, file) => total + (file[of] ?? 0), 0)
  return {
    apiVersion: 1,
    warnings: place.warnings ?? [],
    agent: id,
    directory: place.checkout,
    base,
    to: place.to ?? null,
    files,
    insertions: sum('insertions'),
    deletions: sum('deletions'),
    dirtyBefore,
    patch,
  }
}

/** Between two commits nothing is dirty. */
async function leftOut(
  record: AgentRecord,
  base: string,
  { checkout, to }: Place,
  signal: AbortSignal | undefined,
): Promise<SinceSpawn> {
  const look = to === undefined ? await readOwnChanges(record, [], signal) : null
  return look === null ? { pathspecs: [], dirtyBefore: 0 } : await sinceSpawn(checkout, base, look, signal)
}

interface Place {
  readonly checkout: string
  readonly to?: string
  readonly warnings?: DiffDocument['warnings']
}

/** What everything is new to: before the first commit there is no other. */
async function emptyTreeIn(checkout: string, signal: AbortSignal | undefined): Promise<string> {
  const args = ['hash-object', '-t', 'tree', '--stdin']
  return (await mustGit(checkout, args, `look at "${checkout}"`, { signal, input: '' })).trim()
}

async function placeOf(record: AgentRecord, signal: AbortSignal | undefined): Promise<Place> {
  const { worktree, directory, project, id, workspace } = record
  if (existsSync(directory)) {
    const top = await runGit(directory, ['rev-parse', '--show-toplevel'], { signal })
    const checkout = top.stdout.replace(/\n$/, '')
    if (top.code === 0 && (worktree === undefined || checkout === realPath(worktree.path))) return { checkout }
  }
  if (worktree === undefined) {
    const why = `"${directory}" is no git checkout`
    throw nothing(record, record.base === null ? why : `${why} any more`, `Look at it with "orch check ${id}"`)
  }
  const args = ['rev-parse', '--verify', '-q', `refs/heads/${worktree.branch}`]
  const tip = (await runGit(project, args, { signal })).stdout.trim() || worktree.delivered?.head
  const { path } = worktree
  const text = `"${path}" is no worktree any more: this is what its branch has, and nothing of what is in that folder`
  const warnings = existsSync(path) ? [{ code: 'NO_WORKTREE', text }] : []
  if (tip !== undefined) return { checkout: project, to: tip, warnings }
  throw nothing(record, 'its worktree and its branch are gone', `Look for a patch in "${join(workspace)}"`)
}

/** `insertions TAB deletions TAB path`; both are `-` for a file that is no text. */
function parseNumbers(line: string): FileChange {
  const [insertions = '', deletions = '', ...path] = line.split('\t')
  const count = (text: string): number | null => (text === '-' ? null : Number(text))
  return { path: path.join('\t'), insertions: count(insertions), deletions: count(deletions) }
}

function nothing({ id }: AgentRecord, why: string, hint: string): OrchError {
  return new OrchError('WORKTREE_FAILED', `Cannot show the changes of "${id}": ${why}`, { hint, agent: id })
}
