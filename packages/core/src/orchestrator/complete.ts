import type { Reason, Usage } from '../agent.ts'
import type { CompleteCheck, CompleteDocument, CompleteResult } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { createSharedWith } from '../verify/shared-with.ts'
import { type Verification, type VerifyingOptions, verify } from '../verify/verify.ts'
import { PROJECT_GONE } from '../workspace/read-report.ts'
import { awaitDelivery, giveUpDelivery } from '../worktree/delivering.ts'
import { planDelivery } from '../worktree/plan-delivery.ts'
import { tidyDelivered } from '../worktree/tidy-delivered.ts'
import { isBeingDelivered } from './being-ended.ts'
import { endAgent, endVerifiedAgent, forEachAgent, toErrorInfo } from './end-agent.ts'
import { keepOutcome } from './keep-outcome.ts'
import { type Look, lookAtOne } from './look.ts'
import type { CompleteOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { assertSound, closeRecord, reread } from './update-record.ts'

/** How often work is verified again whose directory changes meanwhile. */
const MOST_ROUNDS = 3

type Options = CompleteOptions & Pick<VerifyingOptions, 'inTurn' | 'sharedWith'> & { readonly warnings: Reason[] }

/**
 * Verifies that the task is done (`verify/verify.ts`), keeps what came of it in the workspace, then ends each agent and closes its
 * record. Nothing is ended unless every check passed or `force` overrides it; a record is closed only on proof.
 */
export async function complete(
  orch: Orch,
  ids: readonly string[],
  options: CompleteOptions = {},
): Promise<CompleteDocument> {
  const warnings: Reason[] = []
  const together = { warnings, inTurn: oneAtATime(), sharedWith: createSharedWith(orch.registry) }
  const results = await forEachAgent<CompleteResult>(
    ids,
    (id) => completeOne(orch, id, { ...options, ...together }),
    (id, error) => ({ ...NOTHING_FOUND, id, ok: false, lifecycle: null, error }),
  )
  return { apiVersion: 1, warnings, dryRun: options.dryRun === true, results }
}

const NOTHING_FOUND = { checks: [], verify: null, changes: null, kept: null, delivered: null, stop: null } as const

/** What was verified holds only as long as nothing changes: a message may have been sent meanwhile, a file written. */
async function completeOne(orch: Orch, id: string, options: Options): Promise<CompleteResult> {
  for (let round = 1; ; round++) {
    const result = await completeAsSeen(orch, id, options, round >= MOST_ROUNDS)
    if (result !== null) return result
  }
}

/** `null`, and nothing ended, when the record or the directory changed since it was verified. */
async function completeAsSeen(
  orch: Orch,
  id: string,
  options: Options,
  isLastRound: boolean,
): Promise<CompleteResult | null> {
  const sound = assertSound(await awaitDelivery(orch, await reread(orch, id), options.signal))
  const before = await lookAtOne(orch, sound, options.signal, { usage: true })
  if (before.stored.closed) {
    if (!options.dryRun) options.warnings.push(...(await tidyDelivered(orch, before.stored.record, options.signal)))
    return alreadyClosed(before.stored.record, options.deliver)
  }
  assertProject(before)
  const found = await verify(orch, before, options)
  if (found === null) return null
  const delivery = await planDelivery(orch, found.look.stored.record, options.deliver, options.signal)
  const whole = { ...found, checks: [...found.checks, ...delivery.checks] }
  const verified = options.force ? overridden(whole) : whole
  const { look, checks, run, changes } = verified
  const { lifecycle } = look.stored.record
  const seen = { ...NOTHING_FOUND, id, ok: false, checks, verify: run, changes, lifecycle, error: null }
  const ok = !hasFailed(checks)
  // barrier: complete-checked
  if (!ok || options.dryRun) return { ...seen, ok }
  const { kept, check } = await keepOutcome(orch, verified, options)
  const outcome = { ...seen, checks: [...checks, check], kept }
  if (!options.force && !(await verified.isUnchanged()))
    return isLastRound ? { ...outcome, checks: [...outcome.checks, RESTLESS] } : null
  const stored = await delivery.deliver(look.stored)
  if (stored === null) return null
  const all = { ...outcome, delivered: stored.record.worktree?.delivered ?? null }
  try {
    const ended = await endAndClose(orch, stored, all, { ...options, usage: look.agent.usage })
    if (ended?.ok !== true) await giveUpDelivery(orch, stored)
    return ended
  } catch (error) {
    await giveUpDelivery(orch, stored)
    if (options.signal?.aborted || !isOrchError(error)) throw error
    return { ...all, lifecycle: null, error: toErrorInfo(error) }
  }
}

/** Nothing can be handed over, nor be kept on a branch, while the project is away. */
function assertProject({ report, stored: { record } }: Look): void {
  if (report.unreadable?.code !== PROJECT_GONE || record.worktree === undefined) return
  throw new OrchError(
    'PROJECT_NOT_FOUND',
    `Cannot complete "${record.id}": its project "${record.project}" is not there`,
    {
      hint: `Move it back, or run "orch abandon ${record.id}"`,
      agent: record.id,
    },
  )
}

/** @param stored as it was verified, or as it is since the work was handed over: then nobody else ends it */
async function endAndClose(
  orch: Orch,
  stored: StoredRecord,
  all: CompleteResult,
  { force, signal, usage, warnings }: Options & { readonly usage: Usage | null },
): Promise<CompleteResult | null> {
  const { delivering } = stored.record
  const end = force || isBeingDelivered(stored.record) ? endAgent : endVerifiedAgent
  const ended = await end(orch, stored, { as: 'completed', usage }, signal)
  if (ended === null) return null
  const { stop, stopped } = ended
  // barrier: complete-stopped
  if (!stop.proven) return { ...all, stop }
  const names = all.checks.filter(({ result }) => result === 'overridden').map(({ name }) => name)
  const closed = await closeRecord(orch, stopped, 'completed', {
    attempts: [],
    ...(names.length > 0 ? { overridden: names } : {}),
    ...(delivering ? { delivering: null } : {}),
  })
  // barrier: complete-closed
  warnings.push(...(await tidyDelivered(orch, closed.record, signal)))
  return { ...all, ok: true, stop, lifecycle: closed.record.lifecycle }
}

const RESTLESS: CompleteCheck = {
  name: 'directory',
  result: 'fail',
  text: 'Its directory changes while it is verified',
  hint: 'Run the same command again once nobody writes there',
}

function hasFailed(checks: readonly CompleteCheck[]): boolean {
  return checks.some(({ result }) => result === 'fail')
}

function overridden(found: Verification): Verification {
  const override = ({ name, text }: CompleteCheck): CompleteCheck => ({ name, result: 'overridden', text })
  return { ...found, checks: found.checks.map((check) => (check.result === 'fail' ? override(check) : check)) }
}

/** The commands of several agents are run one after the other. */
function oneAtATime(): Options['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next
    return next
  }
}

/** Nothing of a closed record changes any more: what was handed over in one way then is not handed over in another one now. */
function alreadyClosed({ id, lifecycle, worktree, project }: AgentRecord, how: Options['deliver']): CompleteResult {
  const isCompleted = lifecycle === 'completed'
  const delivered = worktree?.delivered ?? null
  const isAsAsked = how === undefined || how === (delivered?.how ?? 'keep')
  const ok = isCompleted && isAsAsked
  const text = `It was ${lifecycle} before${isCompleted && !isAsAsked ? `, and not with --${how}` : ''}`
  const check: CompleteCheck = {
    name: 'record',
    result: ok ? 'pass' : 'fail',
    text,
    ...(isCompleted && how === 'merge' && worktree !== undefined
      ? { hint: `Merge it with "git -C ${project} merge ${worktree.branch}"` }
      : {}),
  }
  return { ...NOTHING_FOUND, id, ok, checks: [check], delivered, lifecycle, error: null }
}
