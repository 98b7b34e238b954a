import type { Reason } from '../agent.ts'
import type { Backend } from '../backend.ts'
import { isOfEnvironment, isOrchError, OrchError } from '../errors.ts'
import { readGitHead } from '../git.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { appendUnlessChanged, reread, updateRecord } from '../orchestrator/update-record.ts'
import { currentOwner } from '../process-owner.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { type FailedSpawn, failureOf, placeAgent, recordFailed } from '../spawn/make-agent.ts'
import { requireContext } from '../workspace/workspace.ts'
import type { Obstacle } from './decide-starts.ts'
import { releasePlace } from './queue-places.ts'
import { isQueued } from './queued.ts'

/** What came of the try to start one. */
export interface StartResult {
  readonly isStarted: boolean
  /** Why this process could not make it; `null` also when another one is at it. */
  readonly error: OrchError | null
}

const LEFT: StartResult = { isStarted: false, error: null }

/**
 * Starts an agent that is queued: of any number of processes one does it, as its record says who, and what that one does
 * not come to the end of is recovered as any spawn is.
 * @param how.isOwn whether it fails for good where only this process and its environment are to blame
 */
export async function startQueued(
  orch: Orch,
  id: string,
  { signal, isOwn }: { readonly signal: AbortSignal | undefined; readonly isOwn: boolean },
): Promise<StartResult> {
  const stored = await reread(orch, id)
  const { start, workspace } = stored.record
  if (!isQueued(stored) || start === undefined) return LEFT
  const base = await baseOf(stored.record, signal)
  const claimed = await appendUnlessChanged(orch, stored, {
    type: 'starting',
    set: {
      lifecycle: 'spawning',
      owner: currentOwner(),
      failure: null,
      ...base,
      start: { ...start, triedAt: new Date().toISOString() },
    },
  })
  if (claimed === null) return LEFT
  // barrier: start-recorded
  const failed = (_: Orch, __: string, failure: FailedSpawn): Promise<void> => putBack(orch, id, { ...failure, isOwn })
  const prepare = async (): Promise<string> => requireContext(workspace) ?? throwGone(stored.record)
  try {
    const backend = await openBackend(orch, stored.record, failed)
    await placeAgent(orch, claimed, { backend, signal, prepare }, failed)
    return { isStarted: true, error: null }
  } catch (error) {
    if (!isOrchError(error)) throw error
    return { isStarted: false, error }
  }
}

async function openBackend(
  orch: Orch,
  { id, backend }: AgentRecord,
  failed: (orch: Orch, id: string, spawn: FailedSpawn) => Promise<void>,
): Promise<Backend> {
  try {
    return await orch.backend(backend)
  } catch (error) {
    await failed(orch, id, { error, nothingLeft: true }).catch(() => {})
    throw error
  }
}

/** Why one that is queued cannot be given its task: for good only where that provably is not there any more. */
export function taskProblem({ id, workspace }: AgentRecord): Obstacle | null {
  try {
    return requireContext(workspace) === null ? { reason: taskGone(workspace), isFinal: true } : null
  } catch (error) {
    if (!isOrchError(error)) throw error
    const next = `it starts once that is mended, or is taken out of the queue with "orch abandon ${id}"`
    return { reason: { code: error.code, text: `${error.message}; ${next}` }, isFinal: false }
  }
}

function taskGone(workspace: string): Reason {
  return { code: 'WORKSPACE_GONE', text: `Its task is not in its workspace "${workspace}" any more` }
}

function throwGone({ id, workspace }: AgentRecord): never {
  throw new OrchError(
    'CREATE_FAILED',
    `Cannot start "${id}": its task is not in its workspace "${workspace}" any more`,
    {
      agent: id,
      hint: 'Spawn it again',
    },
  )
}

/**
 * Where its work begins: the directory may have moved on since it was queued. A worktree is made as it was planned.
 * Where git does not tell, it may only be missing here.
 */
async function baseOf(
  { directory, worktree }: AgentRecord,
  signal: AbortSignal | undefined,
): Promise<Pick<AgentRecord, 'base' | 'branch'> | null> {
  if (worktree !== undefined) return null
  const { commit, branch } = await readGitHead(directory, signal)
  return commit === null ? null : { base: commit, branch }
}

/** Records that an agent which is queued can never be started. */
export async function failQueued(
  orch: Orch,
  stored: StoredRecord,
  failure: ReturnType<typeof failureOf>,
): Promise<StoredRecord> {
  return await updateRecord(orch, stored, 'spawn-failed', ({ lifecycle, ending }) =>
    lifecycle === 'queued' && ending === undefined
      ? { lifecycle: 'failed', failure, endedAt: new Date().toISOString() }
      : null,
  )
}

/**
 * What was provably not made stays queued where the next try, or that of another process, may go well, and leaves its
 * place to others; else it has failed. Its task stays in its workspace either way.
 */
async function putBack(
  orch: Orch,
  id: string,
  { error, nothingLeft, isOwn }: FailedSpawn & { readonly isOwn: boolean },
): Promise<void> {
  // barrier: start-refused
  if (!nothingLeft || !isOrchError(error)) return await recordFailed(orch, id, error)
  const stored = await reread(orch, id)
  const staysQueued = error.retryable || (isOfEnvironment(error.code) && !isOwn)
  if (staysQueued) await releasePlace(orch, stored.record.project, id)
  // barrier: place-released
  const at = new Date().toISOString()
  await updateRecord(orch, stored, 'start-failed', ({ lifecycle, start }) => {
    if (lifecycle !== 'spawning' || start === undefined) return null
    const set = { owner: null, handle: null, beginAt: null, start: { ...start, triedAt: null, failedAt: at } }
    return staysQueued
      ? { ...set, lifecycle: 'queued', failure: whatToDo(error) }
      : { ...set, lifecycle: 'failed', failure: failureOf(error), endedAt: at }
  })
}

/** Also what is to be done: of one that waits nobody has seen the error. */
function whatToDo(error: OrchError): Reason {
  const { code, text } = failureOf(error)
  const hint = error.hint === undefined ? '' : `. ${error.hint}`
  return { code, text: `${text}${hint}; whoever looks next tries again` }
}
