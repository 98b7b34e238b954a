import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CompleteCheck } from '../documents.ts'
import { fileError, isOrchError, OrchError } from '../errors.ts'
import { isBeingDelivered } from '../orchestrator/being-ended.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { appendUnlessChanged, updateRecord } from '../orchestrator/update-record.ts'
import { giveBack, takeOver } from '../registry/claims.ts'
import type { AgentRecord, Delivered, StoredRecord, WorktreeRecord } from '../registry/record.ts'
import { recheck, TIMING } from '../timing.ts'
import { keptFolder, makeKeptFolder } from '../workspace/kept-folder.ts'
import { beginDelivery, giveUpDelivery } from './delivering.ts'
import { unknownText, whereKept } from './kept-work.ts'
import { isWorktree, lookAtWorktree, type WorktreeLook } from './look-at-worktree.ts'
import { hooksPassedOver, lookAtMerge, mergeBranch, mergeRefused, named } from './merge.ts'
import { openPullRequest, remoteFor } from './pull-request.ts'
import { runGit } from './run-git.ts'
import { savePatch } from './save-patch.ts'

/** What becomes of the work in a worktree when its agent is completed. */
export type DeliverHow = Delivered['how']

/** What is to become of one agent's work. */
export interface DeliveryPlan {
  /** How it stands, as a part of what `complete` verifies; none for an agent without a worktree that nothing was asked of. */
  readonly checks: readonly CompleteCheck[]
  /**
   * Hands the work over and records that, once it is recorded who does it: from then on nobody else ends the agent, and no message
   * is sent to it unasked. Doing it twice is fine.
   * @param stored as it was verified
   * @returns the record then; `null`, and nothing handed over, when it changed since and is to be verified again
   * @throws OrchError `MERGE_REFUSED` and nothing changed; `WORKTREE_FAILED`, `DISK`, `BUSY` …
   */
  deliver(stored: StoredRecord): Promise<StoredRecord | null>
}

const CHECK = 'delivery'

/** The patch of everything that an agent did. */
function workPatch({ workspace }: AgentRecord): string {
  return join(keptFolder(workspace), 'work.patch')
}

/**
 * Looks how the work of an agent can be handed over, and touches nothing.
 * @param how left out: as it was begun before, or else the worktree and its branch stay
 * @throws OrchError `WORKTREE_FAILED`
 */
export async function planDelivery(
  orch: Orch,
  record: AgentRecord,
  how: DeliverHow | undefined,
  signal: AbortSignal | undefined,
): Promise<DeliveryPlan> {
  const { worktree } = record
  if (worktree === undefined) return withoutWorktree(record, how)
  const wanted = how ?? record.delivering?.how ?? worktree.delivered?.how ?? 'keep'
  const stands = isWorktree(worktree.path) ? await lookAtWorktree(record.project, worktree, signal) : null
  const work: Work = { orch, record, worktree, how: wanted, look: stands, signal }
  return {
    checks: [await checkOf(work)],
    deliver: async (stored) => {
      if (isBeingDelivered(stored.record)) return null
      const won = wanted === 'keep' ? stored : await beginDelivery(orch, stored, wanted)
      if (won === null) return null
      let done = null as Delivered | null
      try {
        // barrier: delivery-won
        done = await deliver(work)
        // barrier: work-delivered
        const set = { worktree: { ...worktree, delivered: done } }
        if (JSON.stringify(done) === JSON.stringify(won.record.worktree?.delivered)) return won
        if (wanted === 'keep') return await appendUnlessChanged(orch, won, { type: 'delivered', set })
        return await updateRecord(orch, won, 'delivered', () => set)
      } catch (error) {
        await giveUpDelivery(orch, won)
        throw done === null || wanted === 'keep' ? error : notRecorded(error, record, done)
      }
    },
  }
}

/** What is handed over, as it was looked at. */
interface Work {
  readonly orch: Orch
  readonly record: AgentRecord
  readonly worktree: WorktreeRecord
  readonly how: DeliverHow
  /** `null`: its folder is gone. */
  readonly look: WorktreeLook | null
  readonly signal: AbortSignal | undefined
}

function withoutWorktree({ id, directory }: AgentRecord, how: DeliverHow | undefined): DeliveryPlan {
  const text = `It works in "${directory}", which is no worktree of its own: --${how} needs one`
  const isFine = how === undefined || how === 'keep'
  return {
    checks: isFine ? [] : [{ name: CHECK, result: 'fail', text }],
    deliver: async (stored) => {
      if (isFine) return stored
      throw mergeRefused(id, `it works in "${directory}", which is no worktree of its own`)
    },
  }
}

async function checkOf(work: Work): Promise<CompleteCheck> {
  const { record, worktree, how, look, signal } = work
  const { branch, path } = worktree
  const changed = look?.changed ?? []
  if (how === 'keep') return await keepCheck(work)
  if (isUnknown(work)) return fail(unknownText(path))
  if (how === 'patch') return pass(`Everything it did goes into "${workPatch(record)}"`)
  const tell = (what: string): string => `orch send ${record.id} "${what}"`
  if (changed.length > 0) return fail(`Not committed is ${named(changed)} in "${path}"`, tell('Commit your work'))
  if (look !== null && look.branch !== branch)
    return fail(`"${path}" does not stand on the branch "${branch}"`, tell(`Bring your work to the branch ${branch}`))
  if ((await tipOf(work)) === null) return fail(`There is no branch "${branch}" any more`)
  if (how === 'merge') {
    const outlook = await lookAtMerge(record.project, branch, signal)
    if (outlook.kind === 'refused')
      return fail(
        `"${branch}" cannot be merged: ${outlook.text}`,
        outlook.into === null ? undefined : tell(`Merge ${outlook.into} into your branch and resolve the conflicts`),
      )
    if (outlook.commits === 0) return pass(`"${outlook.into}" has every commit of "${branch}"`)
    const hooks = outlook.commit === null ? await hooksPassedOver(record.project, signal) : []
    const notRun = hooks.length === 0 ? '' : ` by a merge commit, for which orch does not run ${named(hooks)}`
    return pass(`${commits(outlook.commits)} can be merged into "${outlook.into}"${notRun}`)
  }
  const remote = await remoteFor(record.project, await targetOf(work), signal)
  if (remote === null) return fail('The repository has no remote, or several and none is called "origin"')
  return pass(`"${branch}" can be pushed to "${remote}"`)
}

async function keepCheck(work: Work): Promise<CompleteCheck> {
  const { record, worktree } = work
  const { text, lacking } = await whereKept(work)
  if (lacking === null) return pass(text)
  return lacking === 'branch'
    ? fail(text, `orch send ${record.id} "Bring your work to the branch ${worktree.branch}"`)
    : fail(text)
}

async function deliver(work: Work): Promise<Delivered> {
  const { how, worktree } = work
  const head = work.look?.head ?? (await tipOf(work)) ?? worktree.base
  const at = new Date().toISOString()
  // What is done again by whoever was killed after it is not told anew.
  const before = worktree.delivered?.how === how && worktree.delivered.head === head ? worktree.delivered : null
  if (how === 'keep') return { how, head, text: (await whereKept(work)).text, place: null, at: before?.at ?? at }
  if (isUnknown(work)) throw mergeRefused(worktree.branch, unknownText(worktree.path))
  if (how === 'patch') return { how, head, ...(await writePatch(work)), at }
  assertCommitted(work)
  if (how === 'pr') return { how, head, ...(await request(work)), at: before?.at ?? at }
  const { count, text } = await merge(work)
  return count === 0 && before !== null ? before : { how, head, text, place: null, at }
}

/** Its folder is there and git does not know it any more: what is not committed in it can be told by nobody. */
function isUnknown({ look, worktree: { path } }: Work): boolean {
  return look === null && existsSync(path)
}

/** `--force` overrides a check, but what is not committed is in no branch. */
function assertCommitted({ worktree: { branch }, look }: Work): void {
  if (look === null || (look.changed.length === 0 && look.branch === branch)) return
  if (look.branch !== branch) throw mergeRefused(branch, 'its worktree does not stand on it')
  throw mergeRefused(branch, `not committed is ${named(look.changed)}`)
}

/** One after the other in one project: what two gits do to one index at once is not what either of them checked. */
async function merge({
  orch,
  record,
  worktree: { branch },
  look,
  signal,
}: Work): Promise<{ count: number; text: string }> {
  const { id, project } = record
  const message = `Merge branch '${branch}'\n\n${titleOf(record)}`
  const claim = `merge\0${project}`
  const timing = { timeoutMs: TIMING.gitTimeoutMs, everyMs: 50, mostMs: 1_000, signal }
  if ((await recheck(() => takeOver(orch.claims, claim, null) || undefined, timing)) === undefined)
    throw new OrchError('BUSY', `Cannot merge "${branch}": another orch process merges into "${project}"`, {
      hint: 'Run the same command again once that has ended',
      agent: id,
      retryable: true,
    })
  const merged = mergeBranch(project, { branch, tip: look?.head, message, signal })
  const { into, commit, commits: count } = await merged.finally(() => giveBack(orch.claims, claim))
  const text = count === 0 ? `"${into}" had every commit of it` : `Merged ${commits(count)} into "${into}"`
  return { count, text: `${text} (${commit.slice(0, 8)})` }
}

async function request(work: Work): Promise<Pick<Delivered, 'text' | 'place'>> {
  const { record, worktree, look, signal } = work
  const { project, task } = record
  const into = await targetOf(work)
  const remote = await remoteFor(project, into, signal)
  if (remote === null) throw mergeRefused(worktree.branch, 'the repository has no remote to push it to')
  const { branch } = worktree
  return await openPullRequest(
    { project, branch, commit: look?.head, into, title: titleOf(record), body: task, signal },
    remote,
  )
}

async function writePatch(work: Work): Promise<Pick<Delivered, 'text' | 'place'>> {
  const { record, worktree, look, signal } = work
  const file = workPatch(record)
  const from = worktree.base
  const tip = await tipOf(work)
  if (look === null && tip === null) throw mergeRefused(worktree.branch, 'its worktree and its branch are gone')
  const source = look === null ? { checkout: record.project, to: tip ?? from } : { checkout: worktree.path }
  makeFolderFor(record)
  const isThere = await savePatch({ ...source, from, signal }, file)
  return isThere ? { text: `Its work is in "${file}"`, place: file } : { text: 'It changed nothing', place: null }
}

/** The work was handed over, and only that it was is not recorded: the same command does that. */
function notRecorded(error: unknown, { id }: AgentRecord, { text }: Delivered): unknown {
  if (!isOrchError(error)) return error
  const { code, message, hint, retryable, cause } = error
  const whole = `Cannot record what became of the work of "${id}" ("${text}"): ${message}`
  return new OrchError(code, whole, { hint, agent: id, outcome: 'partial', retryable, cause })
}

function makeFolderFor({ id, workspace }: AgentRecord): void {
  try {
    makeKeptFolder(workspace)
  } catch (cause) {
    throw fileError(cause, `Cannot keep the work of "${id}" in "${keptFolder(workspace)}"`, 'WORKSPACE_UNWRITABLE')
  }
}

async function tipOf({ record, worktree, signal }: Work): Promise<string | null> {
  const args = ['rev-parse', '--verify', '-q', `refs/heads/${worktree.branch}`]
  return (await runGit(record.project, args, { signal })).stdout.trim() || null
}

/** The branch that the main checkout stands on. */
async function targetOf({ record, signal }: Work): Promise<string | null> {
  return (await runGit(record.project, ['symbolic-ref', '-q', '--short', 'HEAD'], { signal })).stdout.trim() || null
}

function titleOf({ task }: AgentRecord): string {
  const line = task.trim().split('\n')[0] ?? ''
  return line.length > 72 ? `${line.slice(0, 71)}…` : line
}

function commits(count: number): string {
  return count === 1 ? '1 commit' : `${count} commits`
}

function pass(text: string): CompleteCheck {
  return { name: CHECK, result: 'pass', text }
}

function fail(text: string, hint?: string): CompleteCheck {
  return { name: CHECK, result: 'fail', text, ...(hint === undefined ? {} : { hint }) }
}
