import { existsSync, rmSync } from 'node:fs'
import type { CleanDocument, CleanResult } from '../documents.ts'
import { fileError, isOrchError, OrchError } from '../errors.ts'
import { matchesLabels, parseSelectors } from '../labels.ts'
import { toErrorInfo } from '../orchestrator/end-agent.ts'
import { type BulkLook, lookAt } from '../orchestrator/look.ts'
import type { CleanOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import { giveBack, hintForHeld, takeOver } from '../registry/claims.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { recheck } from '../timing.ts'
import { named } from '../worktree/merge.ts'
import { removeWorktree, type WorktreeRemoval } from '../worktree/remove-worktree.ts'
import { whyFinished, whyRecordStays, whyStays, whyWorkspaceStays } from './finished.ts'

/** Gates what is removed: of several cleans at once, one is at it. */
const CLAIM = 'clean'

/** How often a clean looks whether another one is over, in milliseconds. */
const LOOK_AGAIN_MS = 100

type Part = CleanResult['parts'][number]

/**
 * Removes what is left of agents that are provably finished: worktree, workspace and, if asked, record, in this order, so that
 * it can be killed at any instant and run again. What is not proven, or holds work that stands nowhere else, stays, with why.
 * Of whom nothing was left is not listed, unless it was asked for.
 * @throws OrchError `BUSY` while another process cleans; `USAGE` for a selector that is none; `DISK`, `PERMISSION_DENIED`
 */
export async function clean(orch: Orch, options: CleanOptions = {}): Promise<CleanDocument> {
  const { signal, dryRun = false } = options
  if (dryRun) return await cleanAll(orch, options)
  const claimed = await recheck(() => takeOver(orch.claims, CLAIM, null) || undefined, {
    timeoutMs: orch.requestTimeoutMs,
    everyMs: LOOK_AGAIN_MS,
    signal,
  })
  if (claimed === undefined)
    throw new OrchError('BUSY', 'Cannot clean: another orch process is at it', {
      hint: hintForHeld(orch.claims, CLAIM),
      retryable: true,
    })
  try {
    // barrier: clean-claimed
    return await cleanAll(orch, options)
  } finally {
    giveBack(orch.claims, CLAIM)
  }
}

async function cleanAll(orch: Orch, options: CleanOptions): Promise<CleanDocument> {
  const { signal, dryRun = false, olderThanMs = null } = options
  const [open, closed] = [await orch.registry.list('open'), await orch.registry.list('closed')]
  const wanted = wantedBy(orch, options)
  const living = open.records.filter((stored) => !stored.closed && wanted(stored))
  const ended = closed.records.filter(wanted)
  const backends = [...new Set(ended.map(({ record }) => record.backend))]
  const look = await lookAt(orch, living, { signal, alsoLookAt: backends })
  const circumstances = {
    found: look.found,
    olderThanMs,
    now: Date.now(),
    waitedFor: waitedForBy(open.records, options.records === true ? closed.records : []),
    named: options.ids !== undefined,
  }
  const results: CleanResult[] = []
  for (const stored of ended) {
    signal?.throwIfAborted()
    const stays = whyStays(stored, circumstances)
    if (stays === null) results.push(...(await cleanOne(orch, stored, options)))
    else results.push({ id: stored.record.id, removed: false, reason: stays, parts: [], error: null })
  }
  const unreadable = options.ids === undefined ? [...open.unreadable, ...closed.unreadable] : []
  return {
    ...documentFor([...ended, ...living], unreadable),
    dryRun,
    project: options.allProjects ? null : orch.project,
    results: [
      ...results,
      ...keptOpen(look),
      ...unreadable.map(({ id, code = 'RECORD_CORRUPT', reason }) => ({ ...kept(id, code, reason) })),
    ],
  }
}

function wantedBy(orch: Orch, { ids, allProjects, selectors }: CleanOptions): (stored: StoredRecord) => boolean {
  const conditions = parseSelectors(selectors ?? [])
  const named = ids === undefined ? null : new Set(ids)
  return ({ record }) =>
    (named === null ? allProjects === true || record.project === orch.project : named.has(record.id)) &&
    matchesLabels(record.labels, conditions)
}

/**
 * What a queued agent waits for is told by its record, and who lends it a place by those between: without them it might
 * never be started.
 * @param closed whose records may go
 */
function waitedForBy(open: readonly StoredRecord[], closed: readonly StoredRecord[]): ReadonlyMap<string, string> {
  const parents = new Map([...open, ...closed].map(({ record }) => [record.id, record.parent]))
  const waited = new Map<string, string>()
  for (const { record } of open.filter((stored) => stored.record.lifecycle === 'queued')) {
    const above = new Set<string>()
    for (let id = record.parent; id !== null && !above.has(id); id = parents.get(id) ?? null) above.add(id)
    if (closed.length > 0) for (const id of above) waited.set(id, `"${record.id}" was spawned below it, and is queued`)
    for (const { agent } of record.start?.after ?? []) waited.set(agent, `"${record.id}" is to be started after it`)
  }
  return waited
}

function keptOpen({ looks }: BulkLook): CleanResult[] {
  return looks.map(({ agent: { id, state, reason } }) =>
    kept(id, 'OPEN', `It is ${state} (${reason.text}) and its record is open: complete or abandon it first`),
  )
}

function kept(id: string, code: string, text: string): CleanResult {
  return { id, removed: false, reason: { code, text }, parts: [], error: null }
}

/** An error ends the work at this agent alone: what is left of it is found by the next clean. */
async function cleanOne(orch: Orch, stored: StoredRecord, options: CleanOptions): Promise<readonly CleanResult[]> {
  const { id } = stored.record
  const reason = whyFinished(stored) ?? { code: 'NOT_PROVEN', text: 'It is not finished' }
  const parts: Part[] = []
  try {
    for await (const part of removals(orch, stored.record, options)) parts.push(part)
    if (parts.length === 0 && options.ids === undefined) return []
    return [{ id, removed: parts.at(-1)?.removed !== false, reason, parts, error: null }]
  } catch (error) {
    if (options.signal?.aborted || !isOrchError(error)) throw error
    return [{ id, removed: false, reason, parts, error: toErrorInfo(error) }]
  }
}

/** Each part only when nothing before it stays: what is left of an agent must be found by its record. */
async function* removals(
  orch: Orch,
  record: AgentRecord,
  { dryRun = false, records = false, signal }: CleanOptions,
): AsyncGenerator<Part> {
  const worktree = await removeWorktree(orch, record, { dryRun, signal })
  if (worktree?.found) {
    const { removed, patch, stagedPatch } = worktree
    yield { what: 'worktree', removed, text: textOf(worktree) }
    if (!removed) return
    // barrier: clean-worktree-removed
    const file = patch ?? stagedPatch
    if (file !== null && dryRun) {
      yield { what: 'workspace', removed: false, text: `It would hold "${file}"` }
      return
    }
  }
  const stays = workspaceStays(record)
  if (stays !== null) {
    yield { what: 'workspace', removed: false, text: stays }
    return
  }
  if (existsSync(record.workspace)) {
    if (!dryRun) removeFolder(record.workspace)
    yield { what: 'workspace', removed: true, text: `"${record.workspace}"` }
  }
  // barrier: clean-workspace-removed
  if (!records) return
  const holds = whyRecordStays(record)
  if (holds === null && !dryRun) await orch.registry.remove(record.id)
  const stillOn = worktree === null || worktree.found || worktree.branchDeleted ? '' : worktree.branch
  const only = stillOn === '' ? '' : `; the branch "${stillOn}" stays, with its commits`
  yield { what: 'record', removed: holds === null, text: holds?.text ?? `its record and audit trail${only}` }
}

function textOf({ path, branch, branchDeleted, patch, stagedPatch, rescued, ignored, kept }: WorktreeRemoval): string {
  if (kept !== null) return kept.text
  const saved = patch === null ? '' : `; what was not committed is in "${patch}"`
  const staged = stagedPatch === null ? '' : `; what was staged and then changed is in "${stagedPatch}"`
  const branches = [...(branchDeleted ? [] : [branch]), ...rescued].map((name) => `"${name}"`)
  const commits = branches.length === 0 ? '' : `; its commits are on ${branches.join(' and ')}`
  return `"${path}"${saved}${staged}${commits}${ignored.length === 0 ? '' : `; with what git ignores: ${named(ignored)}`}`
}

function workspaceStays(record: AgentRecord): string | null {
  try {
    return whyWorkspaceStays(record)?.text ?? null
  } catch (cause) {
    throw fileError(cause, `Cannot look into the workspace "${record.workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

function removeFolder(workspace: string): void {
  try {
    rmSync(workspace, { recursive: true, force: true })
  } catch (cause) {
    throw fileError(cause, `Cannot remove the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}
